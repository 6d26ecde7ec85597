import type { Database, Row, SqlValue } from '../database.ts';
import { columnsOf } from '../migrations/catalogue.ts';
import { rowsOf } from './statements.ts';

/** All rows of a table, in an order that does not depend on the engine's own of texts. */
export async function contentsOf(database: Database, table: string): Promise<readonly Row[]> {
  const columns = await columnsOf(database, table);
  if ('kind' in columns) throw columns.cause;
  return inOrder(await rowsOf(database, `SELECT ${columns.join(', ')} FROM ${table}`));
}

/** Rows by their whole contents. */
export function inOrder(rows: readonly Row[]): readonly Row[] {
  const byText = new Map(rows.map((row) => [JSON.stringify(Object.values(row).map(cellText)), row]));
  return [...byText]
    .map(([text]) => text)
    .sort()
    .map((text) => byText.get(text))
    .filter((row) => row !== undefined);
}

function cellText(cell: SqlValue): string {
  return cell instanceof Uint8Array ? `x${Buffer.from(cell).toString('hex')}` : JSON.stringify(cell);
}
