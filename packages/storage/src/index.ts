export type { CopySide } from './copy/copy-fault.ts';
export { type CopyOptions, type CopyResult, copyInstallation } from './copy/copy-installation.ts';
export type { TableRows } from './copy/row-counts.ts';
export type {
  Change,
  ChangeFeed,
  ChangeFeedEvents,
  CommitResult,
  Database,
  DatabaseEvents,
  DatabaseFault,
  QueryResult,
  Row,
  SqlValue,
  Statement,
} from './database.ts';
export { DatabaseError, type DatabaseErrorCode } from './database-error.ts';
export { guardedDatabase } from './guarded-database.ts';
export { MIGRATIONS, type Migration, type MigrationResult, migrate, type SchemaState } from './migrations/index.ts';
export { type OpenDatabaseOptions, openDatabase, openPostgres } from './open-database.ts';
export type { PostgresOptions } from './postgres/engine.ts';
export { maxToldOctets } from './postgres/feed-limits.ts';
export type { PostgresLimits } from './postgres/limits.ts';
export { AnonymousOriginatorRows } from './repositories/anonymous-originators.ts';
export { type BindingChanges, type BindingPlace, Bindings, type StoredBinding } from './repositories/bindings.ts';
export { type ClientAttempts, DeferredMessages, type QueueLimits } from './repositories/deferred-messages.ts';
export { type Lease, type LeaseRequest, Leases, leaseGuard, nodeLease } from './repositories/leases.ts';
export { MessageObjects, type MessageStoreLimits, type StoredObject } from './repositories/message-objects.ts';
export { type OutboxRow, OutboxRows } from './repositories/outbox.ts';
export { serverKey } from './repositories/server-keys.ts';
export { type PreferenceChange, type PreferenceLimits, UserPreferenceRows } from './repositories/user-preferences.ts';
export { type StoredIdentity, type StoredUser, type UserChange, Users } from './repositories/users.ts';
export { openSqlite, type SqliteOptions } from './sqlite/engine.ts';
export {
  type CommitSchedule,
  type InThreadDatabase,
  type InThreadOptions,
  openSqliteInThread,
  PROMPT_SCHEDULE,
} from './sqlite/in-thread.ts';
export type { SqliteLimits } from './sqlite/limits.ts';
export { tellingDatabase } from './telling-database.ts';
