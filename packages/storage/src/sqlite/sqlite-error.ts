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

/** SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC: the octets are written, but perhaps not on the disk. */
const FLUSH_FAILURES: readonly number[] = [1034, 1290];

/** Our error for what node:sqlite threw. */
export function sqliteError(thrown: unknown): DatabaseError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DatabaseError(CODES.get(resultCode(thrown) & 0xff) ?? 'statement', message, { cause: thrown });
}

/**
 * True when a COMMIT failed after its last frame may have reached the log: this process has undone it, but if the
 * machine stops before the next transaction overwrites that frame, the next start may find it.
 */
export function mayReappear(thrown: unknown): boolean {
  return FLUSH_FAILURES.includes(resultCode(thrown));
}

/** SQLite's extended result code, or 0 when the error is not SQLite's. */
function resultCode(thrown: unknown): number {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode : 0;
}
