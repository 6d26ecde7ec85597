import pg, { type ClientBase, type Pool, type PoolClient } from 'pg';
import { Admission } from '../admission.ts';
import type { ChangeFeed, ChangeFeedEvents, CommitResult, Database, DatabaseFault, QueryResult, Statement } from '../database.ts';
import { closedFault, DatabaseError, faultOf } from '../database-error.ts';
import { openPostgresFeed } from './feed.ts';
import { type FlightStatement, fly, type StatementResult } from './flight.ts';
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
 * as one pipeline, with COMMIT among them when no guard has to be looked at first.
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

/** What the statements of a batch came to, before the transaction is ended. */
type Flown =
  | { readonly kind: 'ran'; readonly results: readonly StatementResult[] }
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
      const landing = await fly(client, messages);
      if (landing.kind === 'failed') return faultOf(postgresError(landing.thrown));
      return { kind: 'rows', rows: landing.results.flatMap((result) => result.rows) };
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
    const values = parameters.map(parameterOf);
    // Without parameters nothing is gained by preparing: such statements are seldom.
    return { ...(values.length === 0 ? { text: translate(sql) } : this.#texts.get(sql)), values, expectRows };
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
interface Message extends FlightStatement {
  readonly expectRows: number | undefined;
}

const BEGIN = control('BEGIN');
const COMMIT = control('COMMIT');
const ROLLBACK = control('ROLLBACK');

function control(text: string): Message {
  return { text, name: `opencpm_${text.toLowerCase()}`, values: [], expectRows: undefined };
}

/** Without guards nothing has to be looked at before COMMIT: one round trip. */
async function commitAtOnce(client: PoolClient, batch: readonly Message[]): Promise<CommitResult> {
  const alone = batch.length === 1;
  const flown = await flyGuarded(client, alone ? batch : [BEGIN, ...batch, COMMIT]);
  if (flown.kind !== 'ran') return alone ? refused(flown, true) : unwind(client, flown, true);
  if (alone) return committedRows(flown.results);
  return flown.results.at(-1)?.command === 'COMMIT' ? committedRows(flown.results.slice(1, -1)) : notCommitted();
}

async function commitGuarded(client: PoolClient, batch: readonly Message[]): Promise<CommitResult> {
  const flown = await flyGuarded(client, [BEGIN, ...batch]);
  if (flown.kind !== 'ran') return unwind(client, flown, false);
  const end = await flyGuarded(client, [COMMIT]);
  if (end.kind !== 'ran') return refused(end, true);
  return end.results[0]?.command === 'COMMIT' ? committedRows(flown.results.slice(1)) : notCommitted();
}

/** Leaves the transaction of a batch that did not commit. `commitSent`: its COMMIT was in the flight. */
async function unwind(client: PoolClient, flown: NotRun, commitSent: boolean): Promise<CommitResult> {
  // When ROLLBACK fails as well, the connection is dropped, and the server undoes the transaction by that.
  await fly(client, [ROLLBACK]);
  return refused(flown, commitSent);
}

type NotRun = Exclude<Flown, { kind: 'ran' }>;

function refused(flown: NotRun, commitSent: boolean): CommitResult {
  // The first statement of the flight was BEGIN.
  if (flown.kind === 'guard-failed') return { ...flown, statement: flown.statement - 1 };
  return faultOf(postgresError(flown.thrown), commitSent && !refusedByServer(flown.thrown));
}

/** The first that went wrong decides: a guard before an error that came after it, which may have come of that. */
async function flyGuarded(client: PoolClient, messages: readonly Message[]): Promise<Flown> {
  const landing = await fly(client, messages);
  for (const [statement, { rowCount }] of landing.results.entries()) {
    const expected = messages[statement]?.expectRows;
    if (expected !== undefined && expected !== rowCount) return { kind: 'guard-failed', statement, rowCount };
  }
  return landing.kind === 'failed' ? landing : { kind: 'ran', results: landing.results };
}

function committedRows(results: readonly StatementResult[]): CommitResult {
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
