import type { CommitResult, Database, DatabaseFault, Row, Statement } from '../database.ts';
import { DatabaseError, faultOf } from '../database-error.ts';
import { tablesOf } from './catalogue.ts';

/** One step of the schema. A step that was ever released is never changed; the next one corrects it. */
export interface Migration {
  /** 1, 2, 3 … without a gap. */
  readonly id: number;
  /** What it does, in a few words; it is compared with what the database was given under this id. */
  readonly name: string;
  /**
   * One SQL statement each, without parameters; `{{bytes}}` is the type of octets, `{{in_key}}` after a table asks for its
   * rows to be kept in the tree of its key, where an engine can. They are applied all or none.
   */
  readonly statements: readonly string[];
}

export type MigrationResult =
  /** The schema is the program's now. `applied` are the ids that this call applied; another node may have applied others. */
  | { readonly kind: 'migrated'; readonly applied: readonly number[] }
  /** A newer program has migrated this database already; this one must not touch it. */
  | { readonly kind: 'schema-newer'; readonly databaseId: number; readonly programId: number }
  /** The database was given something else under this id: it belongs to another program or another line of it. */
  | { readonly kind: 'schema-differs'; readonly id: number; readonly databaseName: string; readonly programName: string }
  /** An installation was being copied into this database, and the copy has not come to its end. */
  | { readonly kind: 'copy-unfinished' }
  | DatabaseFault;

/** How a database stands to the list of a program that does not touch it. */
export type SchemaState =
  | { readonly kind: 'newest' }
  /** `databaseId` is 0 when it has no schema of ours at all. */
  | { readonly kind: 'schema-older'; readonly databaseId: number; readonly programId: number }
  | Exclude<MigrationResult, { readonly kind: 'migrated' }>;

/**
 * The row of `schema_migrations` that a database has while an installation is copied into it. A program that does not
 * know this mark refuses it as well: it takes it for another history.
 */
export const UNFINISHED_COPY = { id: 0, name: 'copy not finished' } as const;

/**
 * Brings the schema forward to the last of `migrations`, one transaction each. Any number of nodes may call it at once:
 * each migration begins by claiming its row in `schema_migrations`, and who does not get the row applies nothing.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<MigrationResult> {
  assertNumbered(migrations);
  const created = await createHistory(database);
  if (created !== undefined) return created;
  const applied: number[] = [];
  for (;;) {
    const history = await database.query(HISTORY);
    if (history.kind === 'fault') return history;
    const conflict = compare(history.rows, migrations);
    if (conflict !== undefined) return conflict;
    const next = migrations[history.rows.length];
    if (next === undefined) return { kind: 'migrated', applied };
    const result = await database.commit(statementsOf(next));
    if (result.kind === 'fault') return result;
    if (result.kind === 'committed') applied.push(next.id);
    else if (result.statement !== CLAIM) return unexpectedGuard(next);
  }
}

/** Looks at the schema of a database and changes nothing. */
export async function schemaState(database: Database, migrations: readonly Migration[]): Promise<SchemaState> {
  const tables = await tablesOf(database);
  if ('kind' in tables) return tables;
  if (!tables.includes('schema_migrations')) return { kind: 'schema-older', databaseId: 0, programId: migrations.length };
  const history = await database.query(HISTORY);
  if (history.kind === 'fault') return history;
  const conflict = compare(history.rows, migrations);
  if (conflict !== undefined) return conflict;
  if (history.rows.length === migrations.length) return { kind: 'newest' };
  return { kind: 'schema-older', databaseId: history.rows.length, programId: migrations.length };
}

const HISTORY: Statement = { sql: 'SELECT id, name FROM schema_migrations ORDER BY id', parameters: [] };

function assertNumbered(migrations: readonly Migration[]): void {
  for (const [index, migration] of migrations.entries()) {
    if (migration.id !== index + 1) throw new RangeError(`migration ${migration.id} (${migration.name}) stands where ${index + 1} belongs`);
  }
}

/** Two nodes that create the same table at the same instant can collide in PostgreSQL's catalogue; then it exists. */
const CREATE_ATTEMPTS = 3;

async function createHistory(database: Database): Promise<DatabaseFault | undefined> {
  const sql = 'CREATE TABLE IF NOT EXISTS schema_migrations (id BIGINT PRIMARY KEY, name TEXT NOT NULL)';
  let result: CommitResult | undefined;
  for (let attempt = 0; attempt < CREATE_ATTEMPTS; attempt += 1) {
    result = await database.commit([{ sql, parameters: [] }]);
    if (result.kind === 'committed') return undefined;
  }
  return result?.kind === 'fault' ? result : faultOf(new DatabaseError('statement', 'schema_migrations could not be created'));
}

type Conflict = Extract<MigrationResult, { readonly kind: 'schema-newer' | 'schema-differs' | 'copy-unfinished' }>;

function compare(history: readonly Row[], migrations: readonly Migration[]): Conflict | undefined {
  if (history[0]?.id === UNFINISHED_COPY.id) return { kind: 'copy-unfinished' };
  const last = history.at(-1)?.id;
  if (typeof last === 'number' && last > migrations.length) {
    return { kind: 'schema-newer', databaseId: last, programId: migrations.length };
  }
  for (const [index, row] of history.entries()) {
    const migration = migrations[index];
    if (migration === undefined || (row.id === migration.id && row.name === migration.name)) continue;
    return { kind: 'schema-differs', id: migration.id, databaseName: String(row.name), programName: migration.name };
  }
  return undefined;
}

/** The place of the claim among the statements of a migration. */
const CLAIM = 0;

function statementsOf(migration: Migration): readonly Statement[] {
  const claim: Statement = {
    sql: 'INSERT INTO schema_migrations (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING',
    parameters: [migration.id, migration.name],
    expectRows: 1,
  };
  return [claim, ...migration.statements.map((sql) => ({ sql, parameters: [] }))];
}

function unexpectedGuard(migration: Migration): DatabaseFault {
  return faultOf(new DatabaseError('statement', `migration ${migration.id} (${migration.name}) failed a guard that it does not have`));
}
