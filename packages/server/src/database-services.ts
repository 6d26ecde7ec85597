import type { QueueFault } from '@opencpm/cpm';
import {
  AnonymousOriginatorRows,
  Bindings,
  type Database,
  DeferredMessages,
  MessageObjects,
  MIGRATIONS,
  type MigrationResult,
  migrate,
  OutboxRows,
  type QueueLimits,
  serverKey,
  tellingDatabase,
  UserPreferenceRows,
  Users,
} from '@opencpm/storage';
import { hexadecimalOf } from './adapters/ids.ts';
import type { Configuration } from './configuration/configuration.ts';
import { ChangeOutlet } from './nodes/change-outlet.ts';
import { Measures } from './observability/measures.ts';
import { observedDatabase } from './observability/observed-database.ts';
import type { ServerPlatform } from './platform.ts';

/** The database of an installation with its repositories, at the schema of this program. */
export interface DatabaseServices {
  readonly database: Database;
  readonly users: Users;
  readonly userPreferences: UserPreferenceRows;
  readonly bindings: Bindings;
  readonly deferredMessages: DeferredMessages;
  readonly anonymousOriginators: AnonymousOriginatorRows;
  readonly messageObjects: MessageObjects;
  readonly outbox: OutboxRows;
  /** Hexadecimal; what delivery names derive from. */
  readonly deliveryKey: string;
  readonly schema: number;
  /** To the other nodes, when there are several. */
  readonly changes: ChangeOutlet;
  /** Absent where the database is one process's. */
  readonly openFeed?: NonNullable<Database['openFeed']>;
}

/** Opens and migrates; `measures` counts what the database does. Rejects with an Error that says what to do. */
export async function openDatabaseServices(
  platform: ServerPlatform,
  configuration: Configuration,
  measures = new Measures(),
): Promise<DatabaseServices> {
  const opened = await platform.openDatabase(configuration.storage, {
    events: measures,
    // Calls wait that are no commits, too: what is under way while new requests are refused.
    waitingCalls: 2 * configuration.limits.pendingCommits,
  });
  const changes = new ChangeOutlet();
  const observed = observedDatabase(opened, measures, () => platform.observation.precise());
  const database = configuration.cluster === undefined ? observed : tellingDatabase(observed, (told) => changes.tell(told));
  try {
    const migrated = await migrate(database, MIGRATIONS);
    if (migrated.kind !== 'migrated') throw new Error(migrationText(migrated));
    const deliveryKey = orThrow(await serverKey(database, 'delivery', hexadecimalOf(platform.random.bytes(32))));
    const { limits } = configuration;
    return {
      database,
      users: new Users(database),
      userPreferences: new UserPreferenceRows(database, {
        rulesPerUser: limits.rulesPerUser,
        blockedContactsPerUser: limits.blockedContactsPerUser,
        deviceProfilesPerUser: limits.bindingsPerUser,
      }),
      bindings: new Bindings(database),
      deferredMessages: new DeferredMessages(database, queueLimits(configuration)),
      anonymousOriginators: new AnonymousOriginatorRows(database, limits.anonymousOriginatorsPerUser),
      messageObjects: new MessageObjects(database, {
        objectsPerUser: limits.storedObjectsPerUser,
        octetsPerUser: limits.storedOctetsPerUser,
      }),
      outbox: new OutboxRows(database, limits.outboxRequestsPerUser),
      deliveryKey,
      schema: MIGRATIONS.length,
      changes,
      ...(opened.openFeed === undefined ? {} : { openFeed: opened.openFeed.bind(opened) }),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

export function queueLimits({ limits, policy }: Configuration): QueueLimits {
  return {
    messagesPerUser: limits.deferredMessagesPerUser,
    octetsPerUser: limits.deferredOctetsPerUser,
    duplicateKeysPerUser: limits.duplicateKeysPerUser,
    duplicateWindowMilliseconds: policy.duplicateWindowSeconds * 1000,
  };
}

/** For the start of a server, where a fault of the database is the end of it. */
export function orThrow<T>(value: T | QueueFault): T {
  if (isFault(value)) throw new Error(value.reason);
  return value;
}

export function isFault(value: unknown): value is QueueFault {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'fault';
}

function migrationText(result: Exclude<MigrationResult, { kind: 'migrated' }>): string {
  switch (result.kind) {
    case 'schema-newer':
      return `The database has schema ${result.databaseId}, this program knows ${result.programId}: use the newer program.`;
    case 'schema-differs':
      return `The database was given “${result.databaseName}” as schema ${result.id}, this program has “${result.programName}”: it belongs to something else.`;
    case 'copy-unfinished':
      return 'An installation was being copied into this database, and not all is there: repeat `opencpm storage copy` with --overwrite.';
    case 'fault':
      return `The schema could not be brought forward: ${result.cause.message}`;
  }
}
