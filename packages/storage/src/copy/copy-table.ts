import type { Database, Row, SqlValue, Statement } from '../database.ts';
import { columnsOf } from '../migrations/catalogue.ts';
import type { Table } from '../migrations/tables.ts';
import { type CopyFault, faultAt, isCopyFault } from './copy-fault.ts';

/** Rows of one page at most, which is one commit at the target. */
const PAGE_ROWS = 500;

/** Octets of large columns in one page at most; a single row may have more. */
const PAGE_OCTETS = 4 * 1024 * 1024;

export interface TableCopy {
  readonly source: Database;
  readonly target: Database;
  readonly table: Table;
  readonly progress?: ((table: string, rows: number, done: boolean) => void) | undefined;
}

/** Copies the rows of one table in the order of its key and answers how many they were. */
export async function copyTable({ source, target, table, progress }: TableCopy): Promise<number | CopyFault> {
  const columns = await columnsOf(source, table.name);
  if ('kind' in columns) return faultAt('source', columns);
  const insert = `INSERT INTO ${table.name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  let copied = 0;
  for (let last: Row | undefined; ; ) {
    const page = await readPage(source, table, { columns, after: last });
    if (isCopyFault(page)) return page;
    if (page.length === 0) break;
    const result = await target.commit(page.map((row) => ({ sql: insert, parameters: columns.map((name) => valueIn(row, name)) })));
    if (result.kind !== 'committed') return faultAt('target', result);
    copied += page.length;
    last = page.at(-1);
    progress?.(table.name, copied, false);
  }
  progress?.(table.name, copied, true);
  return copied;
}

interface Page {
  readonly columns: readonly string[];
  /** The row that the page before ended with. */
  readonly after: Row | undefined;
}

/** The next rows by key; none at the end of the table. */
async function readPage(source: Database, table: Table, { columns, after }: Page): Promise<readonly Row[] | CopyFault> {
  const limit = table.octets === undefined ? PAGE_ROWS : await rowsThatFit(source, table, after);
  if (isCopyFault(limit)) return limit;
  const page = await source.query(selectFrom(table, columns.join(', '), { after, limit }));
  return page.kind === 'fault' ? faultAt('source', page) : page.rows;
}

/** How many of the next rows together are no larger than a page; at least one. */
async function rowsThatFit(source: Database, table: Table, after: Row | undefined): Promise<number | CopyFault> {
  const sizes = await source.query(selectFrom(table, `octet_length(${table.octets}) AS octets`, { after, limit: PAGE_ROWS }));
  if (sizes.kind === 'fault') return faultAt('source', sizes);
  let octets = 0;
  const beyond = sizes.rows.findIndex((row) => {
    octets += Number(row.octets);
    return octets > PAGE_OCTETS;
  });
  return beyond === -1 ? PAGE_ROWS : Math.max(1, beyond);
}

/** The order of TEXT is the engine's own, which does no harm: pages are read from one engine only. */
function selectFrom(table: Table, selected: string, { after, limit }: { after: Row | undefined; limit: number }): Statement {
  const key = table.key.join(', ');
  const beyond = after === undefined ? '' : `WHERE (${key}) > (${table.key.map(() => '?').join(', ')}) `;
  const parameters = after === undefined ? [] : table.key.map((name) => valueIn(after, name));
  return { sql: `SELECT ${selected} FROM ${table.name} ${beyond}ORDER BY ${key} LIMIT ?`, parameters: [...parameters, limit] };
}

function valueIn(row: Row, column: string): SqlValue {
  const value = row[column];
  if (value === undefined) throw new Error(`the row has no column ${column}`);
  return value;
}
