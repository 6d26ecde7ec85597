import { DatabaseError, type DatabaseErrorCode } from '../database-error.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that are not a fault of the statement. */
const CODES: ReadonlyMap<number, DatabaseErrorCode> = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [7, 'full'],
  [8, 'input-output'],
  [9, 'busy'],
  [10, 'input-output'],
  [11, 'corrupt'],
  [13, 'full'],
  [14, 'input-output'],
  [15, 'busy'],
  [19, 'constraint'],
  [26, 'corrupt'],
]);

/** Our error for what node:sqlite threw; one of ours as it is. */
export function sqliteError(thrown: unknown): DatabaseError {
  if (thrown instanceof DatabaseError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DatabaseError(CODES.get(resultCode(thrown) & 0xff) ?? 'statement', message, { cause: thrown });
}

/** SQLite's extended result code, or 0 when the error is not SQLite's. */
function resultCode(thrown: unknown): number {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode : 0;
}
