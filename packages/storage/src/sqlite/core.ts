import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { CommitResult, DatabaseFault, QueryResult, Row, SqlValue, Statement } from '../database.ts';
import { DatabaseError, faultOf } from '../database-error.ts';
import { bindInteger } from '../parameters.ts';
import type { SqliteLimits } from './limits.ts';
import { openFile } from './open-file.ts';
import { mayReappear, sqliteError } from './sqlite-error.ts';

interface Prepared {
  readonly statement: StatementSync;
  /** None when the statement returns no rows. */
  readonly columns: readonly string[];
}

/**
 * The engine itself: one connection, every call blocks until it is done. It runs in the worker thread of `openSqlite`
 * and in the calling thread of `openSqliteInThread`.
 */
export class SqliteCore {
  readonly #connection: DatabaseSync;
  readonly #limits: SqliteLimits;
  readonly #prepared = new Map<string, Prepared>();

  /** Throws a `DatabaseError` when the file cannot be opened, is held by another process, or would not be durable. */
  constructor(file: string, limits: SqliteLimits) {
    this.#connection = openFile(file, limits);
    this.#limits = limits;
  }

  query(statement: Statement): QueryResult {
    try {
      return { kind: 'rows', rows: this.#run(statement).rows };
    } catch (thrown) {
      return faultOf(sqliteError(thrown));
    }
  }

  /**
   * Applies the batches in order in one transaction and answers when it is durable. A batch that fails undoes itself
   * only; when the transaction fails, all of them fail, also those whose guard did not hold: what it saw is undone.
   */
  commitGroup(group: readonly (readonly Statement[])[]): readonly CommitResult[] {
    try {
      if (this.#connection.isTransaction) this.#run(ROLLBACK);
      return this.#applyWhole(group) ?? this.#applyOneByOne(group);
    } catch (thrown) {
      return this.#abandon(group, thrown);
    }
  }

  /** Gives back what SQLite keeps of pages and statements for the next call. */
  releaseMemory(): void {
    this.#connection.exec('PRAGMA shrink_memory');
  }

  close(): void {
    this.#prepared.clear();
    this.#connection.close();
  }

  /**
   * Without a mark to go back to before each batch, which is rarely needed. Undefined, and nothing is done, when one fails
   * that has something to undo. One whose first statement changes nothing has not.
   */
  #applyWhole(group: readonly (readonly Statement[])[]): readonly CommitResult[] | undefined {
    const results: CommitResult[] = [];
    this.#run(BEGIN);
    for (const batch of group) {
      const result = this.#runAll(batch);
      const isClean = result.kind === 'guard-failed' && result.statement === 0 && result.rowCount === 0;
      if (result.kind !== 'committed' && !isClean) {
        this.#run(ROLLBACK);
        return undefined;
      }
      results.push(result);
    }
    this.#run(COMMIT);
    return results;
  }

  #applyOneByOne(group: readonly (readonly Statement[])[]): readonly CommitResult[] {
    this.#run(BEGIN);
    const results = group.map((batch) => this.#apply(batch));
    this.#run(COMMIT);
    return results;
  }

  /** A batch inside the group's transaction. Throws when that transaction is gone. */
  #apply(batch: readonly Statement[]): CommitResult {
    this.#run(SAVEPOINT);
    const result = this.#runAll(batch);
    if (result.kind !== 'committed') this.#run(UNDO);
    this.#run(RELEASE);
    return result;
  }

  #runAll(batch: readonly Statement[]): CommitResult {
    const rows: (readonly Row[])[] = [];
    try {
      for (const [index, statement] of batch.entries()) {
        const outcome = this.#run(statement);
        const expected = statement.expectRows;
        if (expected !== undefined && expected !== outcome.rowCount) {
          return { kind: 'guard-failed', statement: index, rowCount: outcome.rowCount };
        }
        rows.push(outcome.rows);
      }
      return { kind: 'committed', rows };
    } catch (thrown) {
      // A full disk or a failed write may make SQLite roll back by itself; then nothing of the group is left.
      if (!this.#connection.isTransaction) throw thrown;
      return faultOf(sqliteError(thrown));
    }
  }

  #run(statement: Statement): { readonly rowCount: number; readonly rows: readonly Row[] } {
    const prepared = this.#prepare(statement.sql);
    const values = statement.parameters.map(bindable);
    if (prepared.columns.length === 0) return { rowCount: Number(prepared.statement.run(...values).changes), rows: NO_ROWS };
    const rows = prepared.statement.all(...values).map((columns) => rowOf(prepared.columns, columns));
    return { rowCount: rows.length, rows };
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= this.#limits.preparedStatements) this.#forgetOldest();
    const statement = prepareWhole(this.#connection, sql.replaceAll('{{bytes}}', 'BLOB').replace('{{in_key}}', 'WITHOUT ROWID'));
    // Rows as arrays: as objects they would come without a prototype, and slower.
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #forgetOldest(): void {
    for (const sql of this.#prepared.keys()) {
      this.#prepared.delete(sql);
      return;
    }
  }

  #abandon(group: readonly unknown[], thrown: unknown): readonly DatabaseFault[] {
    const error = sqliteError(thrown);
    // Whatever was wrong with it, the same batches may pass in another transaction.
    const fault = { ...faultOf(error, mayReappear(thrown)), temporary: error.code !== 'corrupt' };
    try {
      if (this.#connection.isTransaction) this.#run(ROLLBACK);
      return group.map(() => fault);
    } catch (failure) {
      // Still inside the transaction: the next group begins with another try to leave it.
      const cause = new DatabaseError('input-output', `not undone yet: ${error.message}`, { cause: failure });
      return group.map(() => ({ ...fault, cause }));
    }
  }
}

/** SQLite prepares the first statement of a text and would drop the rest without a word. */
function prepareWhole(connection: DatabaseSync, sql: string): StatementSync {
  const statement = connection.prepare(sql);
  const rest = sql.slice(statement.sourceSQL.length);
  if (rest.trim().length > 0) throw new SyntaxError(`one statement at a time, not also: ${rest.trim()}`);
  return statement;
}

const NO_ROWS: readonly Row[] = [];

const BEGIN = control('BEGIN IMMEDIATE');
const COMMIT = control('COMMIT');
const ROLLBACK = control('ROLLBACK');
const SAVEPOINT = control('SAVEPOINT batch');
const UNDO = control('ROLLBACK TO batch');
const RELEASE = control('RELEASE batch');

function control(sql: string): Statement {
  return { sql, parameters: [] };
}

/** node:sqlite binds every JavaScript number as REAL; an integer shall arrive as one, as it does in PostgreSQL. */
function bindable(value: SqlValue): SQLInputValue {
  return typeof value === 'number' ? bindInteger(value) : value;
}

/** The types of node:sqlite know rows as objects only. */
function rowOf(columns: readonly string[], values: unknown): Row {
  if (!Array.isArray(values)) throw new TypeError('SQLite answered a row that is no array');
  const row: { [column: string]: SqlValue } = {};
  for (const [index, column] of columns.entries()) row[column] = sqlValue(values[index]);
  return row;
}

function sqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite answered a ${typeof value}`);
}
