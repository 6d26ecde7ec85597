/**
 * The one way to a database. Two verbs: `query` reads, `commit` applies a batch all or nothing and resolves when it is
 * durable. There is no interactive transaction, so that an engine may join the batches of many callers into one
 * transaction of its own (group commit) and so that nothing ever waits for a caller while it holds a lock.
 *
 * SQL is the subset that SQLite and PostgreSQL share: TEXT, BIGINT below 2^53, BYTEA (written `{{bytes}}` in a
 * migration), RETURNING, ON CONFLICT; placeholders are `?`.
 */
export type SqlValue = string | number | Uint8Array | null;

/** A row as it came back: column name → value. BIGINT is a number, BYTEA a Uint8Array. */
export type Row = { readonly [column: string]: SqlValue };

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** The guard: how many rows the statement must change (or return). Another number undoes the whole batch. */
  readonly expectRows?: number;
}

/** The database could not do it: nothing was applied, or (never silently) it is not known whether it was. */
export interface DatabaseFault {
  readonly kind: 'fault';
  /** True when the same call may succeed later (busy, disk full, connection lost). */
  readonly temporary: boolean;
  /** True when the batch may have been applied although the answer was lost. */
  readonly outcomeUnknown: boolean;
  readonly cause: Error;
}

export type QueryResult = { readonly kind: 'rows'; readonly rows: readonly Row[] } | DatabaseFault;

export type CommitResult =
  /** Durable. `rows[i]` are the rows that statement i returned (empty without RETURNING). */
  | { readonly kind: 'committed'; readonly rows: readonly (readonly Row[])[] }
  /** The guard of statement `statement` did not hold; nothing of the batch was applied. */
  | { readonly kind: 'guard-failed'; readonly statement: number; readonly rowCount: number }
  | DatabaseFault;

export interface Database {
  readonly engine: 'sqlite' | 'postgres';
  query(statement: Statement): Promise<QueryResult>;
  commit(batch: readonly Statement[]): Promise<CommitResult>;
  /** Waits for what was accepted, then closes. Later calls answer a fault. */
  close(): Promise<void>;
}
