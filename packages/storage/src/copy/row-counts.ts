import type { Database } from '../database.ts';
import { tablesOf } from '../migrations/catalogue.ts';
import type { Table } from '../migrations/tables.ts';
import { type CopyFault, type CopySide, faultAt, isCopyFault } from './copy-fault.ts';

export interface TableRows {
  readonly table: string;
  readonly rows: number;
}

/** How many rows a table has. */
export async function countRows(database: Database, side: CopySide, table: string): Promise<number | CopyFault> {
  const result = await database.query({ sql: `SELECT COUNT(*) AS rows FROM ${table}`, parameters: [] });
  return result.kind === 'fault' ? faultAt(side, result) : Number(result.rows[0]?.rows);
}

/** The rows of those of our tables that the target has already, and the names of all others. */
export async function rowsIn(
  target: Database,
  ours: readonly Table[],
): Promise<{ readonly tables: readonly TableRows[]; readonly foreign: readonly string[] } | CopyFault> {
  const present = await tablesOf(target);
  if ('kind' in present) return faultAt('target', present);
  const tables: TableRows[] = [];
  for (const { name } of ours.filter((table) => present.includes(table.name))) {
    const rows = await countRows(target, 'target', name);
    if (isCopyFault(rows)) return rows;
    tables.push({ table: name, rows });
  }
  const known = new Set(['schema_migrations', ...ours.map(({ name }) => name)]);
  return { tables, foreign: present.filter((name) => !known.has(name)) };
}

/** Empties those of our tables that are there, a table a commit. */
export async function clear(target: Database, ours: readonly Table[]): Promise<CopyFault | undefined> {
  const present = await tablesOf(target);
  if ('kind' in present) return faultAt('target', present);
  for (const { name } of ours.filter((table) => present.includes(table.name))) {
    const result = await target.commit([{ sql: `DELETE FROM ${name}`, parameters: [] }]);
    if (result.kind !== 'committed') return faultAt('target', result);
  }
  return undefined;
}
