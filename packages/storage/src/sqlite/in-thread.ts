import { Admission } from '../admission.ts';
import type { CommitResult, Database, DatabaseFault, QueryResult, Statement } from '../database.ts';
import { closedFault } from '../database-error.ts';
import { SqliteCore } from './core.ts';
import { SQLITE_LIMITS, type SqliteLimits } from './limits.ts';
import { type PackedBatch, StatementPacker } from './packed-statements.ts';

/** When groups are written and answered, given from outside: a simulation draws both from its seed and its clock. */
export interface CommitSchedule {
  /** Resolves when the next group is to be written, with how many of the waiting batches it takes (at least one is taken). */
  beforeCommit(waitingBatches: number): Promise<number>;
  /** The group is durable; resolves when its answers go out. */
  beforeAnswers(writtenBatches: number): Promise<void>;
}

/** Writes all that waits in the next microtask and answers at once. */
export const PROMPT_SCHEDULE: CommitSchedule = {
  beforeCommit: () => Promise.resolve(Number.POSITIVE_INFINITY),
  beforeAnswers: () => Promise.resolve(),
};

export interface InThreadOptions {
  /** Path of the database file, or `:memory:` when nothing has to outlive a crash. */
  readonly file: string;
  readonly schedule?: CommitSchedule;
  readonly limits?: Partial<SqliteLimits>;
}

export interface InThreadDatabase extends Database {
  /**
   * The process has died: calls that are not answered never are, nothing more is written, and the same file can be
   * opened again. Inside `beforeCommit` nothing of the group is in it, inside `beforeAnswers` all of it is.
   */
  crash(): void;
}

/**
 * The SQLite engine in the calling thread, for a simulation: no thread, no timer, nothing but microtasks and what the
 * schedule waits for, so the same calls under the same schedule give the same answers in the same order. Every write
 * blocks the caller's event loop; a server uses `openSqlite`. Throws a `DatabaseError` as `openSqlite` rejects.
 */
export function openSqliteInThread(options: InThreadOptions): InThreadDatabase {
  const limits = { ...SQLITE_LIMITS, ...options.limits };
  return new InThreadSqlite(new SqliteCore(options.file, limits), options.schedule ?? PROMPT_SCHEDULE, limits);
}

interface WaitingBatch {
  readonly batch: readonly Statement[];
  readonly bytes: number;
  readonly answer: (result: CommitResult) => void;
}

class InThreadSqlite implements InThreadDatabase {
  readonly engine = 'sqlite';
  readonly #core: SqliteCore;
  readonly #schedule: CommitSchedule;
  readonly #admission: Admission;
  readonly #packer = new StatementPacker();
  readonly #waiting: WaitingBatch[] = [];
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #crashed = false;
  #released = false;

  constructor(core: SqliteCore, schedule: CommitSchedule, limits: SqliteLimits) {
    this.#core = core;
    this.#schedule = schedule;
    this.#admission = new Admission(limits);
  }

  async query(statement: Statement): Promise<QueryResult> {
    if (this.#crashed) return never();
    if (this.#closed !== undefined) return closedFault();
    return this.#core.query(statement);
  }

  commit(batch: readonly Statement[]): Promise<CommitResult> {
    if (this.#crashed) return never();
    if (this.#closed !== undefined) return Promise.resolve<DatabaseFault>(closedFault());
    const bytes = this.#admission.enter(batch);
    if (typeof bytes !== 'number') return Promise.resolve(bytes);
    return new Promise((answer) => {
      this.#waiting.push({ batch, bytes, answer });
      this.#writing ??= this.#write();
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  crash(): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.#waiting.length = 0;
    if (!this.#released) this.#core.crash();
    this.#released = true;
  }

  async #finish(): Promise<void> {
    await this.#writing;
    if (!this.#released) this.#core.close();
    this.#released = true;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const size = await this.#schedule.beforeCommit(this.#waiting.length);
      if (this.#crashed) return;
      const group = this.#waiting.splice(0, Math.max(1, size));
      const results = this.#core.commitGroup(this.#packed(group));
      await this.#schedule.beforeAnswers(group.length);
      if (this.#crashed) return;
      this.#answer(group, results);
    }
    this.#writing = undefined;
  }

  #packed(group: readonly WaitingBatch[]): readonly PackedBatch[] {
    const octets = this.#packer.pack(group.map((waiting) => waiting.batch));
    return this.#core.unpack(this.#packer.takeTexts(), octets);
  }

  #answer(group: readonly WaitingBatch[], results: readonly CommitResult[]): void {
    for (const [index, result] of results.entries()) {
      const waiting = group[index];
      if (waiting === undefined) throw new Error('the engine answered more batches than it was given');
      this.#admission.leave(waiting.bytes);
      waiting.answer(result);
    }
  }
}

/** What a dead process answers. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
