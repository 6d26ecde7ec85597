import { performance } from 'node:perf_hooks';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Statement } from '../database.ts';
import { DatabaseError } from '../database-error.ts';
import { SqliteCore } from './core.ts';
import { type Calls, type FromWorker, flattenCommit, flattenQuery, type WorkerOrders } from './messages.ts';
import type { PackedBatch } from './packed-statements.ts';

/**
 * The thread that `openSqlite` starts. It takes what has arrived while the last transaction was flushed, answers the
 * queries, writes one group, answers it, and looks again.
 */

/** Without a call for so long, the thread gives back what SQLite and, when `--expose-gc` allows it to, V8 keep in reserve. */
const restMilliseconds = 40_000;

/** How long a COMMIT may hold up the groups behind it. */
const settlingMilliseconds = 5;

/** And by how much the next one may be larger when it took less. */
const growth = 1.25;

/** Less is not gathered, in octets: a page would be written for each message that changes it. */
const leastToSettle = 16 * 1024;

const commits: PackedBatch[] = [];
const queries: Statement[] = [];
/** So much in the redo log is committed, in octets. */
let settleAt = leastToSettle;
let closing = false;

if (parentPort === null) throw new Error('this module is the thread of openSqlite, not a program');
const port = parentPort;
const orders: WorkerOrders = workerData;
const core = open();

if (core !== undefined) {
  const pause = setTimeout(() => settle(core), orders.limits.settleMilliseconds).unref();
  const rest = setTimeout(() => releaseMemory(core), restMilliseconds).unref();
  port.on('message', (calls: Calls) => {
    work(core, calls);
    pause.refresh();
    rest.refresh();
  });
  say({ kind: 'opened' });
}

function open(): SqliteCore | undefined {
  try {
    return new SqliteCore(orders.file, orders.limits);
  } catch (thrown) {
    const error = thrown instanceof DatabaseError ? thrown : new DatabaseError('input-output', String(thrown));
    say({ kind: 'refused', code: error.code, message: error.message });
    return undefined;
  }
}

function work(opened: SqliteCore, calls: Calls): void {
  accept(opened, calls);
  acceptWaiting(opened);
  while (commits.length > 0 || queries.length > 0) {
    if (queries.length > 0) answerQueries(opened);
    if (commits.length > 0) writeGroup(opened);
    acceptWaiting(opened);
  }
  if (closing) close(opened);
}

function accept(opened: SqliteCore, calls: Calls): void {
  commits.push(...opened.unpack(calls.texts, calls.commits));
  for (const { statements } of opened.unpack([], calls.queries)) queries.push(...statements);
  if (calls.close) closing = true;
}

function acceptWaiting(opened: SqliteCore): void {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) accept(opened, next.message);
}

/** Before the group, so that a read does not wait for the disk. */
function answerQueries(opened: SqliteCore): void {
  const answers = queries.splice(0).map((statement) => flattenQuery(opened.query(statement)));
  say({ kind: 'answers', commits: [], queries: answers });
}

function writeGroup(opened: SqliteCore): void {
  const began = performance.now();
  const results = opened.commitGroup(commits.splice(0, groupSize()));
  say({ kind: 'answers', commits: results.map(flattenCommit), queries: [], writeMilliseconds: performance.now() - began });
  if (opened.unsettledOctets >= settleAt || opened.isDue) settle(opened);
}

/**
 * Nobody waits for it but what comes meanwhile: a COMMIT that took long, because its messages lay far apart in the file or
 * the disk is slow, makes the next ones smaller. While it fails the log keeps what it has, and takes no more than it has room for.
 */
function settle(opened: SqliteCore): void {
  const [began, octets] = [performance.now(), opened.unsettledOctets];
  try {
    opened.settle();
  } catch {
    // The next commits try again, and are answered with what is wrong.
  }
  if (performance.now() - began > settlingMilliseconds) settleAt = Math.max(Math.min(settleAt, octets) / 2, leastToSettle);
  // What was less, because nothing more came, tells nothing of more.
  else if (octets >= settleAt) settleAt = Math.min(settleAt * growth, orders.limits.redoBytes);
}

/** How many of the waiting batches the next transaction takes: at least one, and no more statements than allowed. */
function groupSize(): number {
  let statements = 0;
  let size = 0;
  for (const batch of commits) {
    statements += batch.statements.length;
    if (size > 0 && statements > orders.limits.groupStatements) break;
    size += 1;
  }
  return size;
}

function releaseMemory(opened: SqliteCore): void {
  opened.releaseMemory();
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function close(opened: SqliteCore): void {
  opened.close();
  say({ kind: 'closed' });
  port.close();
}

function say(message: FromWorker): void {
  port.postMessage(message);
}
