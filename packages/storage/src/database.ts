/**
 * The one way to a database. Two verbs: `query` reads, `commit` applies a batch all or nothing and resolves when it is
 * durable. There is no interactive transaction, so that an engine may join the batches of many callers into one
 * transaction of its own (group commit) and so that nothing ever waits for a caller while it holds a lock.
 *
 * A statement does the same whenever it is run on the same rows: the SQLite engine runs again what a crash kept it from committing.
 *
 * SQL is the subset that SQLite and PostgreSQL share: TEXT, BIGINT below 2^53, BYTEA (written `{{bytes}}` in a
 * migration, which see), RETURNING, ON CONFLICT; placeholders are `?`; one statement a text. Columns are named one by one (`*` in
 * a prepared statement breaks when a migration adds a column). The order of TEXT is the locale's in PostgreSQL: nothing relies
 * on it but that of ids which differ first in digits of hexadecimal, as many in each, and no locale orders those otherwise. The number of different texts is finite: values are parameters.
 */
/** What a column holds. A number is an integer below 2^53; another one is a fault of code `statement`. */
export type SqlValue = string | number | Uint8Array | null;

/** A row as it came back: column name → value. BIGINT is a number, BYTEA a Uint8Array. */
export type Row = { readonly [column: string]: SqlValue };

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** The guard: how many rows the statement must change (or return). Another number undoes the whole batch. */
  readonly expectRows?: number;
  /** What other processes on this database have to know when the batch is durable; see `telling-database.ts`. */
  readonly tells?: Change;
}

/** What was changed of a user that processes keep in memory. */
export interface Change {
  readonly kind: 'user' | 'bindings' | 'preferences' | 'queue';
  readonly owner: string;
  /** Of `queue`: the duplicate key of the message that was stored, and until when it is known. */
  readonly key?: string;
  readonly until?: number;
}

/** Texts between the processes on one database, heard by all but the one that told; nothing of it is kept. */
export interface ChangeFeed {
  /** True when this process alone is connected under its name; while it is, no other one gets true. */
  aloneUnderName(): Promise<boolean>;
  /** Sends a text of at most `maxToldOctets`, after those told before. It is lost when the connection is: see `resumed`. */
  tell(text: string): void;
  close(): Promise<void>;
}

export interface ChangeFeedEvents {
  heard(text: string): void;
  /** The connection was lost and is there again: what was told meanwhile, by whomever, was not heard. */
  resumed(): void;
}

/** The database could not do it: nothing was applied, or (never silently) it is not known whether it was. */
export interface DatabaseFault {
  readonly kind: 'fault';
  /** True when the same call may succeed later (busy, disk full, connection lost). */
  readonly temporary: boolean;
  /** True when the batch may have been applied although the answer was lost. */
  readonly outcomeUnknown: boolean;
  /** A `DatabaseError`, whose `code` says why. A broken constraint is one as well, and is not temporary. */
  readonly cause: Error;
}

export type QueryResult = { readonly kind: 'rows'; readonly rows: readonly Row[] } | DatabaseFault;

export type CommitResult =
  /** Durable. `rows[i]` are the rows that statement i returned (empty without RETURNING). */
  | { readonly kind: 'committed'; readonly rows: readonly (readonly Row[])[] }
  /** The guard of statement `statement` did not hold; nothing of the batch was applied. */
  | { readonly kind: 'guard-failed'; readonly statement: number; readonly rowCount: number }
  | DatabaseFault;

/** What an engine tells of its work, for metrics. */
export interface DatabaseEvents {
  /** One group with the batches of so many commits was written and flushed, or failed as a whole. */
  groupWritten?(batches: number, milliseconds: number): void;
}

export interface Database {
  readonly engine: 'sqlite' | 'postgres';
  /** Sees every commit that had resolved when it was called. A guard is not looked at. */
  query(statement: Statement): Promise<QueryResult>;
  /** Applies the statements in order. An empty batch is committed. */
  commit(batch: readonly Statement[]): Promise<CommitResult>;
  /** Hears what other processes on this database tell. Absent where there are none. Rejects with a `DatabaseError`. */
  openFeed?(name: string, events: ChangeFeedEvents): Promise<ChangeFeed>;
  /** Waits for what was accepted, then closes. Later calls answer a fault. */
  close(): Promise<void>;
}
