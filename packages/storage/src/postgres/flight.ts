import pg, { type ClientBase, type Connection, type Submittable } from 'pg';
import type { Row, SqlValue } from '../database.ts';
import { readerOf } from './values.ts';

/** A statement as it goes to the server. */
export interface FlightStatement {
  readonly text: string;
  /** Under which connections keep it prepared. */
  readonly name?: string;
  readonly values: readonly (string | Uint8Array | null)[];
}

/** What one statement came to. */
export interface StatementResult {
  /** `COMMIT`, `INSERT` … as the server has it. */
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly Row[];
}

/** `results` of a flight that failed are those of the statements before the one that did. */
export type Landing =
  | { readonly kind: 'landed'; readonly results: readonly StatementResult[] }
  | { readonly kind: 'failed'; readonly results: readonly StatementResult[]; readonly thrown: unknown };

/**
 * Sends statements as one pipeline (PostgreSQL, Extended Query, Pipelining): one write, and a single Sync at its end, so that
 * the server works them off without a word in between and answers all in one go; after an error it leaves out the rest. With
 * a Sync for each, as the driver sends them, it would flush its answers as often. Never rejects. A transaction that the statements
 * have begun is still open when they have failed.
 */
export function fly(client: ClientBase, statements: readonly FlightStatement[]): Promise<Landing> {
  const { promise, resolve } = Promise.withResolvers<Landing>();
  const flight = new Flight(statements);
  // The driver puts its own around it, which ends the time limit.
  flight.callback = () => resolve(flight.landing);
  client.query(flight);
  return promise;
}

/** Names that a connection has prepared, or will have when what was sent to it has been worked off. */
const preparedNames = new WeakMap<Connection, Set<string>>();

interface Column {
  readonly name: string;
  readonly read: (text: string) => SqlValue;
}

/** What the driver calls with the answers to what `submit` has sent. */
class Flight implements Submittable {
  landing: Landing = { kind: 'failed', results: [], thrown: new Error('no answer in time') };
  callback: () => void = () => undefined;
  readonly #statements: readonly FlightStatement[];
  readonly #parsed: string[] = [];
  readonly #results: StatementResult[] = [];
  #columns: readonly Column[] = [];
  #rows: Row[] = [];
  #unreadable: Extract<Landing, { kind: 'failed' }> | undefined;
  #isOver = false;

  constructor(statements: readonly FlightStatement[]) {
    this.#statements = statements;
  }

  submit(connection: Connection): void {
    const prepared = preparedNames.get(connection) ?? new Set();
    preparedNames.set(connection, prepared);
    const { stream } = connection;
    stream.cork();
    try {
      for (const statement of this.#statements) this.#write(connection, statement, prepared);
      connection.sync();
    } finally {
      stream.uncork();
    }
  }

  #write(connection: Connection, { text, name = '', values }: FlightStatement, prepared: Set<string>): void {
    if (name === '' || !prepared.has(name)) {
      if (name !== '') {
        // Of a flight that failed nobody knows what it had prepared; to close what is not there is no error.
        connection.close({ type: 'S', name }, true);
        prepared.add(name);
        this.#parsed.push(name);
      }
      connection.parse({ text, name, types: [] }, true);
    }
    connection.bind({ portal: '', statement: name, values: values.map(octetsAsBuffer) }, true);
    connection.describe({ type: 'P', name: '' }, true);
    connection.execute({ portal: '' }, true);
  }

  handleRowDescription({ fields }: { readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#unreadable !== undefined) return;
    try {
      this.#rows.push(readRow(this.#columns, fields));
    } catch (thrown) {
      this.#unreadable = { kind: 'failed', results: this.#results.slice(), thrown };
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const [command = '', ...counts] = text.split(' ');
    this.#results.push({ command, rowCount: Number(counts.at(-1) ?? 0), rows: this.#rows });
    this.#rows = [];
    this.#columns = [];
  }

  /** It counts as a statement that has done nothing. */
  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  /** The server's, or that the connection is gone or the time is over, after which its answers are nobody's. */
  handleError(thrown: unknown, connection: Connection): void {
    const prepared = preparedNames.get(connection);
    for (const name of this.#parsed) prepared?.delete(name);
    if (!(thrown instanceof pg.DatabaseError)) connection.stream.destroy();
    this.#land({ kind: 'failed', results: this.#results, thrown });
  }

  handleReadyForQuery(): void {
    this.#land(this.#unreadable ?? { kind: 'landed', results: this.#results });
  }

  #land(landing: Landing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.landing = landing;
    this.callback();
  }
}

function readRow(columns: readonly Column[], fields: readonly (string | null)[]): Row {
  const row: Record<string, SqlValue> = {};
  for (const [index, { name, read }] of columns.entries()) {
    const text = fields[index] ?? null;
    row[name] = text === null ? null : read(text);
  }
  return row;
}

/** The driver sends buffers as they are, and all else as text. */
function octetsAsBuffer(value: string | Uint8Array | null): string | Buffer | null {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
