import type { CommitResult, DatabaseFault, QueryResult, Row, Statement } from '../database.ts';
import { DatabaseError, faultOf } from '../database-error.ts';
import { SqliteConnection } from './connection.ts';
import type { SqliteLimits } from './limits.ts';
import { IN_MEMORY } from './open-file.ts';
import { type NumberedText, type PackedBatch, StatementUnpacker } from './packed-statements.ts';
import { FlushError, RedoLog } from './redo-log.ts';
import { sqliteError } from './sqlite-error.ts';

/**
 * The engine itself: one connection, every call blocks until it is done. It runs in the worker thread of `openSqlite`
 * and in the calling thread of `openSqliteInThread`.
 *
 * A group is durable by its record in the redo log. SQLite has run it by then, in a transaction that goes on for many
 * groups and that `settle` commits; when it is lost before, by a crash or a failure, the log brings it back.
 */
export class SqliteCore {
  readonly #connection: SqliteConnection;
  readonly #limits: SqliteLimits;
  readonly #texts = new StatementUnpacker();
  /** None where nothing has to outlive a crash. */
  #redo: RedoLog | undefined;
  /** A transaction failed, and so did its end. */
  #isHalfDone = false;

  /** Throws a `DatabaseError` when the file cannot be opened, is held by another process, or would not be durable. */
  constructor(file: string, limits: SqliteLimits) {
    this.#connection = new SqliteConnection(file, limits);
    this.#limits = limits;
    try {
      this.#redo = file === IN_MEMORY ? undefined : new RedoLog(`${file}-redo`, this.#mark());
      this.#repeat(this.#redo?.left() ?? []);
      if (this.#redo?.isEmpty !== false) this.#rollBack();
    } catch (thrown) {
      this.crash();
      throw sqliteError(thrown);
    }
  }

  /** The batches in the octets of a packer, of which every text has been told. */
  unpack(texts: readonly NumberedText[], octets: Uint8Array): readonly PackedBatch[] {
    this.#texts.learn(texts);
    return this.#texts.unpack(octets);
  }

  query(statement: Statement): QueryResult {
    try {
      if (this.#redo?.isEmpty === false) this.#enter();
      else this.#leaveHalfDone();
      return { kind: 'rows', rows: this.#connection.run(statement).rows };
    } catch (thrown) {
      return faultOf(sqliteError(thrown));
    }
  }

  /**
   * Applies the batches in order and answers when they are durable. A batch that fails undoes itself only; when the
   * group fails, all of them fail, also those whose guard did not hold: what it saw is undone.
   */
  commitGroup(group: readonly PackedBatch[]): readonly CommitResult[] {
    try {
      if (this.isDue) this.settle();
      this.#enter();
    } catch (thrown) {
      return groupFault(group, thrown);
    }
    try {
      const results = partsOf(group).flatMap((part) => this.#applyPart(part));
      this.#keep(group.filter((_, index) => results[index]?.kind === 'committed'));
      return results;
    } catch (thrown) {
      // With all that is in the transaction; the log brings back what is not of this group.
      this.#rollBack();
      return groupFault(group, thrown);
    }
  }

  /** What the log holds. */
  get unsettledOctets(): number {
    return this.#redo?.octets ?? 0;
  }

  /** True when it is high time to settle: the log has grown to its bound, or it is not to be relied on any more. */
  get isDue(): boolean {
    const redo = this.#redo;
    return redo !== undefined && (redo.octets >= this.#limits.redoBytes || redo.isDoubtful);
  }

  /** Commits what the log holds, so that it is needed no more. Throws when that fails; the log keeps it, and a later call may succeed. */
  settle(): void {
    const redo = this.#redo;
    if (redo === undefined || redo.isEmpty) return;
    this.#enter();
    this.#connection.execute(`PRAGMA user_version = ${redo.sequence | 0}`);
    this.#connection.run(COMMIT);
    redo.restart();
  }

  /** Gives back what SQLite keeps of pages and statements for the next call. */
  releaseMemory(): void {
    this.#connection.execute('PRAGMA shrink_memory');
  }

  /** What cannot be settled now stays in the log for the next start. */
  close(): void {
    if (this.#isSettled()) this.#redo?.remove();
    else this.#redo?.close();
    this.#connection.close();
  }

  /** Ends as the end of the process would. */
  crash(): void {
    this.#redo?.close();
    this.#connection.close();
  }

  #isSettled(): boolean {
    try {
      this.settle();
      return true;
    } catch {
      return false;
    }
  }

  /** The number of the last record of the log that the database has. */
  #mark(): number {
    return Number(this.#connection.run(READ_MARK).rows[0]?.user_version);
  }

  /** Into the transaction that holds all that the log holds. */
  #enter(): void {
    this.#leaveHalfDone();
    if (this.#connection.isTransaction) return;
    this.#repeat(this.#redo?.since(this.#mark()) ?? []);
  }

  /** The same statements on the same rows do the same. */
  #repeat(batches: Iterable<readonly Statement[]>): void {
    this.#connection.run(BEGIN);
    try {
      for (const batch of batches) this.#runAgain(batch);
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  #runAgain(batch: readonly Statement[]): void {
    const result = this.#runAll(batch);
    if (result.kind === 'committed') return;
    if (result.kind === 'fault' && result.temporary) throw result.cause;
    throw new DatabaseError('corrupt', 'what the redo log holds cannot be repeated: it and the database do not belong together');
  }

  #applyPart(part: readonly PackedBatch[]): readonly CommitResult[] {
    this.#connection.run(PART);
    const results = this.#applyWhole(part) ?? this.#applyOneByOne(part);
    this.#connection.run(END_PART);
    return results;
  }

  /**
   * Without a mark to go back to before each batch, which is rarely needed. Undefined, and nothing is done, when one fails
   * that has something to undo. One whose first statement changes nothing has not.
   */
  #applyWhole(part: readonly PackedBatch[]): readonly CommitResult[] | undefined {
    const results: CommitResult[] = [];
    for (const { statements } of part) {
      const result = this.#runAll(statements);
      const isClean = result.kind === 'guard-failed' && result.statement === 0 && result.rowCount === 0;
      if (result.kind !== 'committed' && !isClean) {
        this.#connection.run(UNDO_PART);
        return undefined;
      }
      results.push(result);
    }
    return results;
  }

  #applyOneByOne(part: readonly PackedBatch[]): readonly CommitResult[] {
    return part.map(({ statements }) => this.#apply(statements));
  }

  /** A batch inside a part. Throws when the transaction is gone. */
  #apply(batch: readonly Statement[]): CommitResult {
    this.#connection.run(BATCH);
    const result = this.#runAll(batch);
    if (result.kind !== 'committed') this.#connection.run(UNDO_BATCH);
    this.#connection.run(END_BATCH);
    return result;
  }

  #runAll(batch: readonly Statement[]): CommitResult {
    const rows: (readonly Row[])[] = [];
    try {
      for (const [index, statement] of batch.entries()) {
        const outcome = this.#connection.run(statement);
        const expected = statement.expectRows;
        if (expected !== undefined && expected !== outcome.rowCount) {
          return { kind: 'guard-failed', statement: index, rowCount: outcome.rowCount };
        }
        rows.push(outcome.rows);
      }
      return { kind: 'committed', rows };
    } catch (thrown) {
      // A full disk or a failed write may make SQLite roll back by itself; then nothing of the transaction is left.
      if (!this.#connection.isTransaction) throw thrown;
      return faultOf(sqliteError(thrown));
    }
  }

  #keep(committed: readonly PackedBatch[]): void {
    if (this.#redo === undefined) this.#connection.run(COMMIT);
    else if (committed.length > 0) this.#redo.append(committed, this.#texts);
  }

  #rollBack(): void {
    try {
      if (this.#connection.isTransaction) this.#connection.run(ROLLBACK);
      this.#isHalfDone = false;
    } catch {
      this.#isHalfDone = true;
    }
  }

  /** Throws while a transaction cannot be left that holds what nobody was told of. */
  #leaveHalfDone(): void {
    if (!this.#isHalfDone) return;
    this.#rollBack();
    if (this.#isHalfDone) throw new DatabaseError('input-output', 'a transaction that failed cannot be undone yet');
  }
}

/**
 * A group goes under a mark in parts of so many statements: SQLite keeps the pages as they were at the mark in a list, and
 * walks along it at the end of each statement.
 */
const statementsInPart = 64;

function partsOf(group: readonly PackedBatch[]): readonly (readonly PackedBatch[])[] {
  const parts: PackedBatch[][] = [];
  let room = 0;
  for (const batch of group) {
    room -= batch.statements.length;
    const part = parts.at(-1);
    if (part !== undefined && room >= 0) {
      part.push(batch);
    } else {
      parts.push([batch]);
      room = statementsInPart - batch.statements.length;
    }
  }
  return parts;
}

/** Whatever was wrong with the group, the same batches may pass in another one. */
function groupFault(group: readonly unknown[], thrown: unknown): readonly DatabaseFault[] {
  const error = sqliteError(thrown);
  const fault = { ...faultOf(error, error instanceof FlushError), temporary: error.code !== 'corrupt' };
  return group.map(() => fault);
}

const BEGIN = control('BEGIN IMMEDIATE');
const COMMIT = control('COMMIT');
const ROLLBACK = control('ROLLBACK');
const PART = control('SAVEPOINT part');
const UNDO_PART = control('ROLLBACK TO part');
const END_PART = control('RELEASE part');
const BATCH = control('SAVEPOINT batch');
const UNDO_BATCH = control('ROLLBACK TO batch');
const END_BATCH = control('RELEASE batch');
const READ_MARK = control('PRAGMA user_version');

function control(sql: string): Statement {
  return { sql, parameters: [] };
}
