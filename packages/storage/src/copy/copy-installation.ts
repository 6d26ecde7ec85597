import type { Database, DatabaseFault, Statement } from '../database.ts';
import { MIGRATIONS, migrate, type SchemaState, schemaState, UNFINISHED_COPY } from '../migrations/index.ts';
import { TABLES, type Table } from '../migrations/tables.ts';
import { type CopyFault, type CopySide, faultAt, isCopyFault } from './copy-fault.ts';
import { copyTable } from './copy-table.ts';
import { clear, countRows, rowsIn, type TableRows } from './row-counts.ts';

export interface CopyOptions {
  /** Empties a target that an interrupted copy has left; nothing else is ever overwritten. */
  readonly overwrite: boolean;
  /** Told after each page how many rows of the table are committed, and at the end of each table. */
  readonly progress?: (table: string, rows: number, done: boolean) => void;
}

export type CopyResult =
  /** All is there and counted; the rows of each table in the order of the list. */
  | { readonly kind: 'copied'; readonly tables: readonly TableRows[] }
  /** The source is not at the schema of this program, or is itself what an interrupted copy left. */
  | { readonly kind: 'source-schema'; readonly state: Exclude<SchemaState, { readonly kind: 'newest' } | DatabaseFault> }
  /** An earlier copy into the target has not come to its end, and `overwrite` is false. */
  | { readonly kind: 'target-unfinished' }
  /** The target has these rows, or tables that are not ours. */
  | { readonly kind: 'target-not-empty'; readonly tables: readonly TableRows[]; readonly foreign: readonly string[] }
  /** The target belongs to a newer program or another one. */
  | { readonly kind: 'target-schema'; readonly state: Extract<SchemaState, { readonly kind: 'schema-newer' | 'schema-differs' }> }
  /** The target has not as many rows as the source; it stays marked as unfinished. */
  | { readonly kind: 'counts-differ'; readonly table: string; readonly source: number; readonly target: number }
  | CopyFault;

/**
 * Copies an installation into an empty database: every table that is marked for it, byte for byte. Both databases must
 * be had exclusively. The target is marked from before its first row until all rows are counted, and no server starts
 * on a marked one. In the source nothing is changed.
 */
export async function copyInstallation(source: Database, target: Database, options: CopyOptions): Promise<CopyResult> {
  const refused = (await checkSource(source)) ?? (await prepareTarget(target, options.overwrite));
  if (refused !== undefined) return refused;
  const copied: TableRows[] = [];
  for (const table of TABLES) {
    if (!table.copied) continue;
    const rows = await copyTable({ source, target, table, progress: options.progress });
    if (isCopyFault(rows)) return rows;
    copied.push({ table: table.name, rows });
  }
  return (await compareCounts(source, target)) ?? (await unmark(target)) ?? { kind: 'copied', tables: copied };
}

async function checkSource(source: Database): Promise<CopyResult | undefined> {
  const state = await schemaState(source, MIGRATIONS);
  if (state.kind === 'fault') return faultAt('source', state);
  return state.kind === 'newest' ? undefined : { kind: 'source-schema', state };
}

/** Leaves the target empty, at the newest schema and marked. Whatever interrupts it, no server finds half an installation. */
async function prepareTarget(target: Database, overwrite: boolean): Promise<CopyResult | undefined> {
  const state = await schemaState(target, MIGRATIONS);
  switch (state.kind) {
    case 'fault':
      return faultAt('target', state);
    case 'schema-newer':
    case 'schema-differs':
      return { kind: 'target-schema', state };
    case 'copy-unfinished': {
      if (!overwrite) return { kind: 'target-unfinished' };
      const fault = (await clear(target, TABLES)) ?? (await unmark(target));
      if (fault !== undefined) return fault;
    }
  }
  return (await refuseFull(target)) ?? (await migrateTarget(target)) ?? commitTo(target, MARK);
}

async function refuseFull(target: Database): Promise<CopyResult | undefined> {
  const found = await rowsIn(target, TABLES);
  if (isCopyFault(found)) return found;
  const full = found.tables.filter(({ rows }) => rows > 0);
  return full.length + found.foreign.length === 0 ? undefined : { kind: 'target-not-empty', tables: full, foreign: found.foreign };
}

async function migrateTarget(target: Database): Promise<CopyResult | undefined> {
  const migrated = await migrate(target, MIGRATIONS);
  switch (migrated.kind) {
    case 'migrated':
      return undefined;
    case 'fault':
      return faultAt('target', migrated);
    case 'copy-unfinished':
      return { kind: 'target-unfinished' };
    default:
      return { kind: 'target-schema', state: migrated };
  }
}

async function compareCounts(source: Database, target: Database): Promise<CopyResult | undefined> {
  for (const { name } of TABLES.filter(({ copied }: Table) => copied)) {
    const [there, here] = [await countRows(source, 'source', name), await countRows(target, 'target', name)];
    if (isCopyFault(there)) return there;
    if (isCopyFault(here)) return here;
    if (there !== here) return { kind: 'counts-differ', table: name, source: there, target: here };
  }
  return undefined;
}

const MARK: Statement = {
  sql: 'INSERT INTO schema_migrations (id, name) VALUES (?, ?)',
  parameters: [UNFINISHED_COPY.id, UNFINISHED_COPY.name],
  expectRows: 1,
};

function unmark(target: Database): Promise<CopyFault | undefined> {
  return commitTo(target, { sql: 'DELETE FROM schema_migrations WHERE id = ?', parameters: [UNFINISHED_COPY.id], expectRows: 1 });
}

async function commitTo(target: Database, statement: Statement, side: CopySide = 'target'): Promise<CopyFault | undefined> {
  const result = await target.commit([statement]);
  return result.kind === 'committed' ? undefined : faultAt(side, result);
}
