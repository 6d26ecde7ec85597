import type { DatabaseFault } from './database.ts';

/**
 * Why a database could not do it. The engines' own codes end here, so that nobody above knows SQLSTATE or SQLite's numbers:
 * - `address`: the database URL is not one of ours;
 * - `busy`: the engine was in another's way (lock, deadlock, serialization) or ran into its time limit;
 * - `closed`: the port was closed before the call, or the thread behind it has ended;
 * - `connection`: the server behind the port was not there, refused us, or went away;
 * - `constraint`: a statement broke a constraint of the schema;
 * - `corrupt`: the file is not a database, or is damaged;
 * - `full`: no room left;
 * - `held`: another server holds the database file;
 * - `input-output`: the file system refused or failed;
 * - `overload`: the queue in front of the engine is full;
 * - `settings`: the engine cannot promise durability as it is set up;
 * - `statement`: the SQL or a value is wrong, which is our own mistake.
 */
export type DatabaseErrorCode =
  | 'address'
  | 'busy'
  | 'closed'
  | 'connection'
  | 'constraint'
  | 'corrupt'
  | 'full'
  | 'held'
  | 'input-output'
  | 'overload'
  | 'settings'
  | 'statement';

/** The `cause` of every fault of this package, and what opening a database rejects with. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseError';
    this.code = code;
  }
}

const TEMPORARY: ReadonlySet<DatabaseErrorCode> = new Set(['busy', 'connection', 'full', 'held', 'input-output', 'overload']);

/** The fault that an error is; nothing was applied unless `outcomeUnknown` says so. */
export function faultOf(cause: DatabaseError, outcomeUnknown = false): DatabaseFault {
  return { kind: 'fault', temporary: TEMPORARY.has(cause.code), outcomeUnknown, cause };
}

/** The answer to a call that came after `close`. */
export function closedFault(): DatabaseFault {
  return faultOf(new DatabaseError('closed', 'the database is closed'));
}
