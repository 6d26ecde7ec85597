import { firstSchema } from './0001-first.ts';
import { messageStoreSchema } from './0002-message-store.ts';
import { nodesSchema } from './0003-nodes.ts';
import { leanQueueSchema } from './0004-lean-queue.ts';
import type { Migration } from './migrate.ts';

export { type Migration, type MigrationResult, migrate, type SchemaState, schemaState, UNFINISHED_COPY } from './migrate.ts';

/** The schema of OpenCPM, in the order in which it grew. */
export const MIGRATIONS: readonly Migration[] = [firstSchema, messageStoreSchema, nodesSchema, leanQueueSchema];
