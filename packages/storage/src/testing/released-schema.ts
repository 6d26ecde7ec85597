import { readFileSync } from 'node:fs';
import type { Database, Row, SqlValue } from '../database.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { migrate } from '../migrations/migrate.ts';
import { commitOrThrow, sql } from './statements.ts';

/** Rows by table. */
export type Tables = ReadonlyMap<string, readonly Row[]>;

/** The first schema that was released: migrations 1 and 2. */
export const FIRST_RELEASED_SCHEMA = 2;

/** An installation at the first released schema, with rows in each of its tables (released/README.md). */
export function releasedInstallation(): Tables {
  const text = readFileSync(new URL(`../migrations/released/schema-${FIRST_RELEASED_SCHEMA}.json`, import.meta.url), 'utf8');
  const tables: unknown = JSON.parse(text);
  return new Map(entriesOf(tables).map(([table, rows]) => [table, arrayOf(rows).map(rowOf)]));
}

/** Makes an empty database such an installation. */
export async function installReleased(database: Database): Promise<void> {
  const migrated = await migrate(database, MIGRATIONS.slice(0, FIRST_RELEASED_SCHEMA));
  if (migrated.kind !== 'migrated') throw new Error(`the released schema could not be made: ${migrated.kind}`);
  for (const [table, rows] of releasedInstallation()) await insertRows(database, table, rows);
}

/** Inserts rows as they are, in one commit. */
export async function insertRows(database: Database, table: string, rows: readonly Row[]): Promise<void> {
  const inserts = rows.map((row) => {
    const columns = Object.keys(row);
    const text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    return sql(text, ...Object.values(row));
  });
  await commitOrThrow(database, ...inserts);
}

function rowOf(value: unknown): Row {
  return Object.fromEntries(entriesOf(value).map(([column, cell]) => [column, cellOf(cell)]));
}

function cellOf(cell: unknown): SqlValue {
  if (cell === null || typeof cell === 'string' || typeof cell === 'number') return cell;
  const [[name, octets] = []] = entriesOf(cell);
  if (name !== 'base64' || typeof octets !== 'string') throw new TypeError('a cell is a text, an integer, null or {"base64": …}');
  return new Uint8Array(Buffer.from(octets, 'base64'));
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) throw new TypeError('an object was expected');
  return Object.entries(value);
}

function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('an array was expected');
  return value;
}
