import type { CommitResult, DatabaseFault, QueryResult, Row, SqlValue } from '../database.ts';
import { DatabaseError, type DatabaseErrorCode } from '../database-error.ts';
import type { SqliteLimits } from './limits.ts';
import type { NumberedText } from './packed-statements.ts';

/**
 * What crosses between the event loop and the worker. Copying is a cost of every stored message, so one message carries
 * all that one turn of the loop brought, calls have no ids because each kind is answered in the order it came, and a
 * commit that returned no rows is answered by `undefined`.
 */

/** What the worker is started with. */
export interface WorkerOrders {
  readonly file: string;
  readonly limits: SqliteLimits;
}

export interface Calls {
  /** Texts of SQL that come for the first time. */
  readonly texts: readonly NumberedText[];
  /** Packed batches. */
  readonly commits: Uint8Array<ArrayBuffer>;
  /** Packed batches of one query each. */
  readonly queries: Uint8Array<ArrayBuffer>;
  readonly close: boolean;
}

/** The answers to the oldest calls of each kind that are not answered yet. */
export interface Answers {
  readonly kind: 'answers';
  readonly commits: readonly (FlatCommit | undefined)[];
  readonly queries: readonly FlatQuery[];
  /** How long the transaction of these commits took, flush included. */
  readonly writeMilliseconds?: number;
}

export type FromWorker =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly code: DatabaseErrorCode; readonly message: string }
  | Answers
  | { readonly kind: 'closed' };

export type FlatCommit = Exclude<CommitResult, DatabaseFault> | FlatFault;
export type FlatQuery = FlatRows | FlatFault;

/** Rows of one query: as objects each would bring the names of its columns. */
export interface FlatRows {
  readonly kind: 'flat-rows';
  readonly columns: readonly string[];
  /** Row by row. */
  readonly values: readonly SqlValue[];
}

/** A fault without its Error, whose class and code a structured clone would lose. */
export interface FlatFault {
  readonly kind: 'flat-fault';
  readonly temporary: boolean;
  readonly outcomeUnknown: boolean;
  readonly code: DatabaseErrorCode;
  readonly message: string;
}

export function flattenCommit(result: CommitResult): FlatCommit | undefined {
  if (result.kind === 'fault') return flattenFault(result);
  if (result.kind === 'committed' && result.rows.every((rows) => rows.length === 0)) return undefined;
  return result;
}

export function flattenQuery(result: QueryResult): FlatQuery {
  if (result.kind === 'fault') return flattenFault(result);
  const columns = Object.keys(result.rows[0] ?? {});
  return { kind: 'flat-rows', columns, values: result.rows.flatMap((row) => Object.values(row)) };
}

function flattenFault(fault: DatabaseFault): FlatFault {
  const { temporary, outcomeUnknown, cause } = fault;
  const code = cause instanceof DatabaseError ? cause.code : 'statement';
  return { kind: 'flat-fault', temporary, outcomeUnknown, code, message: cause.message };
}

/** The result again, for a batch of so many statements. */
export function restoreCommit(flat: FlatCommit | undefined, statements: number): CommitResult {
  if (flat === undefined) return { kind: 'committed', rows: new Array<readonly Row[]>(statements).fill([]) };
  return flat.kind === 'flat-fault' ? restoreFault(flat) : flat;
}

export function restoreQuery(flat: FlatQuery | undefined): QueryResult {
  if (flat === undefined) throw new Error('the database thread left a query without an answer');
  return flat.kind === 'flat-fault' ? restoreFault(flat) : { kind: 'rows', rows: restoreRows(flat) };
}

function restoreRows({ columns, values }: FlatRows): readonly Row[] {
  const rows: Row[] = [];
  for (let first = 0; first < values.length; first += columns.length) {
    const row: { [column: string]: SqlValue } = {};
    for (const [index, column] of columns.entries()) row[column] = values[first + index] ?? null;
    rows.push(row);
  }
  return rows;
}

function restoreFault(flat: FlatFault): DatabaseFault {
  const { temporary, outcomeUnknown, code, message } = flat;
  return { kind: 'fault', temporary, outcomeUnknown, cause: new DatabaseError(code, message) };
}
