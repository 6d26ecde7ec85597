import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Row, SqlValue, Statement } from '../database.ts';
import { bindInteger } from '../parameters.ts';
import type { SqliteLimits } from './limits.ts';
import { openFile } from './open-file.ts';

interface Prepared {
  readonly statement: StatementSync;
  /** None when the statement returns no rows. */
  readonly columns: readonly string[];
}

/** What a statement returned, and how many rows it returned or changed. */
export interface Outcome {
  readonly rowCount: number;
  readonly rows: readonly Row[];
}

/** One connection to a file, and the statements that it keeps prepared. Every call blocks, and throws what node:sqlite throws. */
export class SqliteConnection {
  readonly #connection: DatabaseSync;
  readonly #limits: SqliteLimits;
  readonly #prepared = new Map<string, Prepared>();

  /** Throws a `DatabaseError` when the file cannot be opened, is held by another process, or would not be durable. */
  constructor(file: string, limits: SqliteLimits) {
    this.#connection = openFile(file, limits);
    this.#limits = limits;
  }

  get isTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  run(statement: Statement): Outcome {
    const prepared = this.#prepare(statement.sql);
    const values = statement.parameters.map(bindable);
    if (prepared.columns.length === 0) return { rowCount: Number(prepared.statement.run(...values).changes), rows: NO_ROWS };
    const rows = prepared.statement.all(...values).map((columns) => rowOf(prepared.columns, columns));
    return { rowCount: rows.length, rows };
  }

  /** For what is not worth keeping prepared. */
  execute(sql: string): void {
    this.#connection.exec(sql);
  }

  close(): void {
    this.#prepared.clear();
    this.#connection.close();
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
}

/** SQLite prepares the first statement of a text and would drop the rest without a word. */
function prepareWhole(connection: DatabaseSync, sql: string): StatementSync {
  const statement = connection.prepare(sql);
  const rest = sql.slice(statement.sourceSQL.length);
  if (rest.trim().length > 0) throw new SyntaxError(`one statement at a time, not also: ${rest.trim()}`);
  return statement;
}

const NO_ROWS: readonly Row[] = [];

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
