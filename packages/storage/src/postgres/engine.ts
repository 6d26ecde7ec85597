import pg, { type ClientBase, type QueryResult as PgResult, type Pool, type PoolClient, type QueryConfig } from 'pg';
import { Admission } from '../admission.ts';
import type { ChangeFeed, ChangeFeedEvents, CommitResult, Database, DatabaseFault, QueryResult, Row, Statement } from '../database.ts';
import { closedFault, DatabaseError, faultOf } from '../database-error.ts';
import { openPostgresFeed } from './feed.ts';
import { EXCLUSIVE_LIMITS, POSTGRES_LIMITS, type PostgresLimits } from './limits.ts';
import { postgresError, refusedByServer } from './postgres-error.ts';
import { PreparedTexts } from './prepared-texts.ts';
import { translate } from './translate.ts';
import { parameterOf, VALUE_READERS } from './values.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that libpq knows. */
  readonly url: string;
  readonly limits?: Partial<PostgresLimits>;
  /** No server may be connected, and none can connect until this is closed; calls are then worked on one after the other. */
  readonly exclusive?: boolean;
}

/**
 * Opens a pool of connections to a PostgreSQL server. Each batch is a transaction of its own; its statements are sent
 * in one flight, with COMMIT among them when no guard has to be looked at first.
 *
 * Rejects with a `DatabaseError`: `connection` when the server is not there or refuses us, `settings` when it would
 * not be durable, `held` when another program has the database for itself, or we want it and another is connected.
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const exclusive = options.exclusive === true;
  const limits = { ...POSTGRES_LIMITS, ...(exclusive ? EXCLUSIVE_LIMITS : {}), ...options.limits };
  const pool = createPool(options.url, limits, exclusive);
  try {
    const client = await pool.connect();
    client.release();
  } catch (thrown) {
    await pool.end();
    throw postgresError(thrown);
  }
  return new PostgresDatabase(pool, options.url, limits);
}

function createPool(url: string, limits: PostgresLimits, exclusive: boolean): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: limits.connections,
    // One always stays, and with it the lock that tells others of us.
    min: 1,
    connectionTimeoutMillis: limits.connectMilliseconds,
    statement_timeout: limits.statementMilliseconds,
    query_timeout: limits.statementMilliseconds + limits.answerMilliseconds,
    keepAlive: true,
    application_name: 'opencpm',
    pipeline: true,
    types: VALUE_READERS,
    onConnect: (client) => prepareConnection(client, exclusive),
  });
  // A connection that breaks while it is idle is left by the pool; one in use also rejects the calls that it carries.
  pool.on('error', leaveToThePool);
  pool.on('connect', (client) => client.on('error', leaveToThePool));
  return pool;
}

function leaveToThePool(): void {
  // Without a listener the event would end the process.
}

/** Locks of all programs on one database: each connection shares this one, or a single connection has it alone. */
const PRESENCE_LOCK = 7_310_293_708_305;

/** The settings under which COMMIT answers after the record is on the disk, and the lock. */
async function prepareConnection(client: ClientBase, exclusive: boolean): Promise<void> {
  const lock = exclusive ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  const settings = await client.query<{ fsync: string; synchronous_commit: string; locked: number }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, " +
      `${lock}(${PRESENCE_LOCK}) AS locked`,
  );
  const { fsync, synchronous_commit: synchronousCommit, locked } = settings.rows[0] ?? {};
  if (locked !== 1) throw new DatabaseError('held', `${exclusive ? 'a server uses' : 'another program has'} this PostgreSQL database`);
  if (fsync !== 'on') throw new DatabaseError('settings', `PostgreSQL runs with fsync=${fsync}; what it commits would not be durable`);
  if (synchronousCommit !== 'on' && synchronousCommit !== 'remote_apply') await client.query('SET synchronous_commit = on');
}

/** What the flight of a batch's statements came to, before the transaction is ended. */
type Flight =
  | { readonly kind: 'ran'; readonly results: readonly PgResult<Row>[] }
  | { readonly kind: 'guard-failed'; readonly statement: number; readonly rowCount: number }
  | { readonly kind: 'failed'; readonly thrown: unknown };

class PostgresDatabase implements Database {
  readonly engine = 'postgres';
  readonly #pool: Pool;
  readonly #url: string;
  readonly #admission: Admission;
  readonly #texts: PreparedTexts;
  #open = 0;
  #closing: Promise<void> | undefined;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(pool: Pool, url: string, limits: PostgresLimits) {
    this.#pool = pool;
    this.#url = url;
    this.#admission = new Admission(limits);
    this.#texts = new PreparedTexts(limits.preparedStatements);
  }

  query(statement: Statement): Promise<QueryResult> {
    return this.#call([statement], async (client, messages): Promise<QueryResult> => {
      try {
        const results = await Promise.all(messages.map((message) => client.query<Row>(message.query)));
        return { kind: 'rows', rows: results.flatMap((result) => result.rows) };
      } catch (thrown) {
        return faultOf(postgresError(thrown));
      }
    });
  }

  commit(batch: readonly Statement[]): Promise<CommitResult> {
    return this.#call(batch, (client, messages): Promise<CommitResult> => {
      const guarded = messages.some((message) => message.expectRows !== undefined);
      return guarded ? commitGuarded(client, messages) : commitAtOnce(client, messages);
    });
  }

  openFeed(name: string, events: ChangeFeedEvents): Promise<ChangeFeed> {
    return openPostgresFeed(this.#url, name, events);
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    if (this.#open > 0) {
      this.#drained = Promise.withResolvers();
      await this.#drained.promise;
    }
    await this.#pool.end();
  }

  async #call<Result extends QueryResult | CommitResult>(
    statements: readonly Statement[],
    work: (client: PoolClient, messages: readonly Message[]) => Promise<Result>,
  ): Promise<Result | DatabaseFault> {
    if (this.#closing !== undefined) return closedFault();
    const bytes = this.#admission.enter(statements);
    if (typeof bytes !== 'number') return bytes;
    this.#open += 1;
    try {
      // All are written before the first is sent: a value that cannot be written must not leave half a batch behind.
      const messages = statements.map((statement) => this.#messageOf(statement));
      return await this.#withClient((client) => work(client, messages));
    } catch (thrown) {
      return faultOf(postgresError(thrown));
    } finally {
      this.#admission.leave(bytes);
      this.#open -= 1;
      if (this.#open === 0) this.#drained?.resolve();
    }
  }

  #messageOf(statement: Statement): Message {
    const { sql, parameters, expectRows } = statement;
    // Without parameters nothing is gained by preparing, and the simple protocol is one message instead of five.
    if (parameters.length === 0) return { query: { text: translate(sql) }, expectRows };
    return { query: { ...this.#texts.get(sql), values: parameters.map(parameterOf) }, expectRows };
  }

  /** Throws when there is no connection. */
  async #withClient<Result extends QueryResult | CommitResult>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let reusable = false;
    try {
      const result = await work(client);
      reusable = client.getTransactionStatus() === 'I' && !isBroken(result);
      return result;
    } finally {
      // A connection that is broken or still inside a transaction must not serve the next call.
      client.release(!reusable);
    }
  }
}

/** A statement as it goes to the server, with the guard that is looked at when its answer is there. */
interface Message {
  readonly query: QueryConfig<(string | Uint8Array | null)[]>;
  readonly expectRows: number | undefined;
}

const BEGIN = control('BEGIN');
const COMMIT = control('COMMIT');
const ROLLBACK = control('ROLLBACK');

function control(text: string): Message {
  return { query: { text }, expectRows: undefined };
}

/** Without guards nothing has to be looked at before COMMIT: one round trip. */
async function commitAtOnce(client: PoolClient, batch: readonly Message[]): Promise<CommitResult> {
  const alone = batch.length === 1;
  const flight = await fly(client, alone ? batch : [BEGIN, ...batch, COMMIT]);
  if (flight.kind !== 'ran') return unwind(client, flight, true);
  if (alone) return committedRows(flight.results);
  return flight.results.at(-1)?.command === 'COMMIT' ? committedRows(flight.results.slice(1, -1)) : notCommitted();
}

async function commitGuarded(client: PoolClient, batch: readonly Message[]): Promise<CommitResult> {
  const flight = await fly(client, [BEGIN, ...batch]);
  if (flight.kind !== 'ran') return unwind(client, flight, false);
  const end = await fly(client, [COMMIT]);
  if (end.kind !== 'ran') return unwind(client, end, true);
  return end.results[0]?.command === 'COMMIT' ? committedRows(flight.results.slice(1)) : notCommitted();
}

/** Leaves the transaction of a batch that did not commit. `commitSent`: its COMMIT was in the flight. */
async function unwind(client: PoolClient, flight: Exclude<Flight, { kind: 'ran' }>, commitSent: boolean): Promise<CommitResult> {
  // When ROLLBACK fails as well, the connection is dropped, and the server undoes the transaction by that.
  if (client.getTransactionStatus() !== 'I') await fly(client, [ROLLBACK]);
  // The first statement of the flight was BEGIN.
  if (flight.kind === 'guard-failed') return { ...flight, statement: flight.statement - 1 };
  return faultOf(postgresError(flight.thrown), commitSent && !refusedByServer(flight.thrown));
}

/**
 * Sends the statements in one flight and waits for all answers. The first that failed decides, a guard before an
 * error that came after it: the statements behind a failed guard were sent already and may fail because of it.
 */
async function fly(client: PoolClient, messages: readonly Message[]): Promise<Flight> {
  const answers = await Promise.allSettled(sendTogether(client, messages));
  const results: PgResult<Row>[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') return { kind: 'failed', thrown: answer.reason };
    const rowCount = answer.value.rowCount ?? 0;
    const expected = messages[index]?.expectRows;
    if (expected !== undefined && expected !== rowCount) return { kind: 'guard-failed', statement: index, rowCount };
    results.push(answer.value);
  }
  return { kind: 'ran', results };
}

/** One write for all. The driver would make one of each statement, and a commit cost this process a tenth more. */
function sendTogether(client: PoolClient, messages: readonly Message[]): readonly Promise<PgResult<Row>>[] {
  const { stream } = client.connection;
  stream.cork();
  try {
    return messages.map((message) => client.query<Row>(message.query));
  } finally {
    stream.uncork();
  }
}

function committedRows(results: readonly PgResult<Row>[]): CommitResult {
  return { kind: 'committed', rows: results.map((result) => result.rows) };
}

/** A connection that failed, even if the driver has not seen its end yet, must not serve the next call. */
function isBroken(result: QueryResult | CommitResult): boolean {
  return result.kind === 'fault' && result.cause instanceof DatabaseError && result.cause.code === 'connection';
}

/** PostgreSQL answers ROLLBACK to the COMMIT of a transaction that has failed. */
function notCommitted(): DatabaseFault {
  return faultOf(new DatabaseError('busy', 'PostgreSQL rolled back instead of committing'));
}
