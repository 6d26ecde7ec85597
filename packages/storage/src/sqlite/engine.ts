import { Worker } from 'node:worker_threads';
import { Admission } from '../admission.ts';
import type { CommitResult, Database, DatabaseEvents, DatabaseFault, QueryResult, Statement } from '../database.ts';
import { closedFault, DatabaseError, faultOf } from '../database-error.ts';
import { CallQueue, type PendingCall } from './call-queue.ts';
import { SQLITE_LIMITS, type SqliteLimits } from './limits.ts';
import { type Answers, type Calls, type FromWorker, restoreCommit, restoreQuery, type WorkerOrders } from './messages.ts';
import { StatementPacker } from './packed-statements.ts';

export interface SqliteOptions {
  /** Path of the database file; its directory must exist. */
  readonly file: string;
  readonly limits?: Partial<SqliteLimits>;
  readonly events?: DatabaseEvents;
}

/**
 * Opens a SQLite file in a thread of its own, so that the event loop never waits for the disk. The thread joins the
 * batches that arrived while it was writing into one transaction (group commit). The file is held exclusively until
 * `close` or the end of the process, however it ends.
 *
 * Rejects with a `DatabaseError`: `held` when another process has the file, `settings` when it would not be durable,
 * `input-output`, `corrupt` or `full` when it cannot be opened or written.
 */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const limits = { ...SQLITE_LIMITS, ...options.limits };
  const orders: WorkerOrders = { file: options.file, limits };
  const worker = new Worker(workerModule(), { workerData: orders, name: 'sqlite' });
  await opened(worker);
  return new SqliteDatabase(worker, limits, options.events ?? {});
}

/** The worker's module beside this one: a .ts file in the repository, a .js file in the package. */
function workerModule(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

function opened(worker: Worker): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onMessage = (message: FromWorker) => {
    settle(message.kind === 'refused' ? new DatabaseError(message.code, message.message) : undefined);
  };
  const onError = (cause: unknown) => settle(threadEnded(cause));
  const onExit = () => settle(threadEnded());
  // One by one: removeAllListeners would also cut the port off for listeners that come later.
  const settle = (error?: DatabaseError) => {
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    if (error === undefined) resolve();
    else reject(error);
  };
  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  return promise;
}

function threadEnded(cause?: unknown): DatabaseError {
  return new DatabaseError('closed', 'the database thread has ended', { cause });
}

class SqliteDatabase implements Database {
  readonly engine = 'sqlite';
  readonly #worker: Worker;
  readonly #admission: Admission;
  readonly #events: DatabaseEvents;
  readonly #commits = new CallQueue<CommitResult>();
  readonly #queries = new CallQueue<QueryResult>();
  readonly #packer = new StatementPacker();
  #sendPlanned = false;
  #closing: PromiseWithResolvers<void> | undefined;
  #ended: DatabaseError | undefined;

  constructor(worker: Worker, limits: SqliteLimits, events: DatabaseEvents) {
    this.#worker = worker;
    this.#events = events;
    this.#admission = new Admission(limits);
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'answers') this.#receive(message);
    });
    worker.on('error', (cause) => this.#end(threadEnded(cause)));
    worker.on('exit', () => this.#end(threadEnded()));
  }

  query(statement: Statement): Promise<QueryResult> {
    return this.#call([statement], this.#queries);
  }

  commit(batch: readonly Statement[]): Promise<CommitResult> {
    return this.#call(batch, this.#commits);
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers();
      if (this.#ended === undefined) this.#planSend();
      else this.#closing.resolve();
    }
    return this.#closing.promise;
  }

  #call<Result>(statements: readonly Statement[], queue: CallQueue<Result>): Promise<Result | DatabaseFault> {
    if (this.#closing !== undefined) return Promise.resolve(closedFault());
    if (this.#ended !== undefined) return Promise.resolve(faultOf(this.#ended));
    const bytes = this.#admission.enter(statements);
    if (typeof bytes !== 'number') return Promise.resolve(bytes);
    return new Promise((answer) => {
      queue.push({ statements, bytes, answer });
      this.#planSend();
    });
  }

  /** After the sockets of this turn of the loop were read, so that all they brought makes one message. */
  #planSend(): void {
    if (this.#sendPlanned) return;
    this.#sendPlanned = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#sendPlanned = false;
    const commits = this.#packer.pack(this.#commits.send().map(({ statements }) => statements));
    const queries = this.#packer.pack(this.#queries.send().map(({ statements }) => statements));
    const calls: Calls = { texts: this.#packer.takeTexts(), commits, queries, close: this.#closing !== undefined };
    this.#worker.postMessage(calls, [commits.buffer, queries.buffer]);
  }

  #receive(answers: Answers): void {
    const queries = this.#queries.takeAnswered(answers.queries.length);
    for (const [index, call] of queries.entries()) this.#answer(call, restoreQuery(answers.queries[index]));
    const commits = this.#commits.takeAnswered(answers.commits.length);
    if (answers.writeMilliseconds !== undefined) this.#events.groupWritten?.(commits.length, answers.writeMilliseconds);
    for (const [index, call] of commits.entries()) this.#answer(call, restoreCommit(answers.commits[index], call.statements.length));
  }

  #answer<Result>(call: PendingCall<Result>, result: Result | DatabaseFault): void {
    this.#admission.leave(call.bytes);
    call.answer(result);
  }

  /** The thread has ended, by `close` or by a failure of its own; what it was given it may have written. */
  #end(reason: DatabaseError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const call of this.#commits.takeSent()) this.#answer(call, faultOf(reason, true));
    for (const call of this.#commits.takeUnsent()) this.#answer(call, faultOf(reason));
    for (const call of [...this.#queries.takeSent(), ...this.#queries.takeUnsent()]) this.#answer(call, faultOf(reason));
    this.#closing?.resolve();
  }
}
