import { type CommitResult, type Database, DatabaseError, type DatabaseFault, type Statement } from '@opencpm/storage';

export type Mishap =
  /** Nothing is done, and the database says so. */
  | 'fails'
  /** It is done, and the answer is lost. */
  | 'answer lost'
  /** Nothing is done and no answer comes: what a crash finds under way. */
  | 'hangs'
  /** It is done and no answer comes: what a crash finds just done. */
  | 'done, and hangs';

interface Expected {
  readonly what: string;
  readonly mishap: Mishap;
  times: number;
  /** Told each time, before anything is done. */
  readonly met: (() => void) | undefined;
}

/** What happens to the commits of a server's database, by what stands in them; nothing until a test says so. A query fails. */
export class Mishaps {
  readonly #expected: Expected[] = [];

  /** The next commits and queries with a statement that has this text (`INSERT INTO outbox`) meet with that. */
  expect(what: string, mishap: Mishap, times = 1, met?: () => void): void {
    this.#expected.push({ what, mishap, times, met });
  }

  /** From now on all is well. */
  clear(): void {
    this.#expected.length = 0;
  }

  before(inner: Database): Database {
    return {
      engine: inner.engine,
      query: async (statement) => (this.#met([statement]) === undefined ? inner.query(statement) : fault(false)),
      commit: (batch) => this.#commit(inner, batch),
      close: () => inner.close(),
    };
  }

  async #commit(inner: Database, batch: readonly Statement[]): Promise<CommitResult> {
    const met = this.#met(batch);
    if (met === undefined) return inner.commit(batch);
    if (met.mishap === 'hangs') return new Promise(() => undefined);
    if (met.mishap === 'answer lost' || met.mishap === 'done, and hangs') await inner.commit(batch);
    if (met.mishap === 'done, and hangs') return new Promise(() => undefined);
    return fault(met.mishap === 'answer lost');
  }

  #met(batch: readonly Pick<Statement, 'sql'>[]) {
    const met = this.#expected.find(({ what, times }) => times > 0 && batch.some(({ sql }) => sql.includes(`${what} `)));
    if (met === undefined) return undefined;
    met.times -= 1;
    met.met?.();
    return met;
  }
}

function fault(outcomeUnknown: boolean): DatabaseFault {
  return { kind: 'fault', temporary: true, outcomeUnknown, cause: new DatabaseError('connection', 'the database was not reached') };
}
