import pg from 'pg';
import { DatabaseError, type DatabaseErrorCode } from '../database-error.ts';

/** SQLSTATE (PostgreSQL, Appendix A) by code, then by class: what is no mistake of the statement. */
const CODES: ReadonlyMap<string, DatabaseErrorCode> = new Map([
  ['53100', 'full'],
  ['53200', 'full'],
  ['53300', 'overload'],
  ['25006', 'connection'],
  ['25P03', 'connection'],
  ['55P03', 'busy'],
  ['57014', 'busy'],
  ['XX001', 'corrupt'],
  ['XX002', 'corrupt'],
  ['08', 'connection'],
  ['23', 'constraint'],
  ['28', 'connection'],
  ['3D', 'connection'],
  ['40', 'busy'],
  ['53', 'overload'],
  ['57', 'connection'],
  ['58', 'input-output'],
]);

/** Classes of SQLSTATE that the server sends while it goes away. */
const GOING_AWAY: readonly string[] = ['08', '57P'];

/** Our error for what the driver rejected with. */
export function postgresError(thrown: unknown): DatabaseError {
  if (thrown instanceof DatabaseError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DatabaseError(codeOf(thrown), message, { cause: thrown });
}

/** True when the server said that it did not do it; false when its answer is lost, or could not be read. */
export function refusedByServer(thrown: unknown): boolean {
  const state = sqlState(thrown);
  return state !== undefined && !GOING_AWAY.some((prefix) => state.startsWith(prefix));
}

function codeOf(thrown: unknown): DatabaseErrorCode {
  const state = sqlState(thrown);
  if (state !== undefined) return CODES.get(state) ?? CODES.get(state.slice(0, 2)) ?? 'statement';
  // Not from the server: a value that we or the driver could not write or read, or else the connection.
  return thrown instanceof RangeError || thrown instanceof TypeError ? 'statement' : 'connection';
}

function sqlState(thrown: unknown): string | undefined {
  return thrown instanceof pg.DatabaseError ? thrown.code : undefined;
}
