import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { testDirectory } from '../testing/each-engine.ts';
import { commitOrThrow, outcomeOf, rowsOf, sql } from '../testing/statements.ts';
import { type CommitSchedule, openSqliteInThread } from './in-thread.ts';

const CREATE = sql('CREATE TABLE note (id BIGINT PRIMARY KEY)');

function insert(id: number) {
  return sql('INSERT INTO note (id) VALUES (?)', id);
}

/** A schedule that a test holds in its hand: each wait is a gate, opened by the test. */
class Gates implements CommitSchedule {
  readonly waits: string[] = [];
  #open: (groupSize: number) => void = () => undefined;

  beforeCommit(waitingBatches: number): Promise<number> {
    this.waits.push(`commit of ${waitingBatches}`);
    return this.#wait();
  }

  async beforeAnswers(writtenBatches: number): Promise<void> {
    this.waits.push(`answers of ${writtenBatches}`);
    await this.#wait();
  }

  /** Opens the gate and lets everything run that can. */
  async pass(groupSize = Number.POSITIVE_INFINITY): Promise<void> {
    this.#open(groupSize);
    await settled();
  }

  #wait(): Promise<number> {
    const gate = Promise.withResolvers<number>();
    this.#open = gate.resolve;
    return gate.promise;
  }
}

/** The next turn of the event loop comes when no microtask is left. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function commitAndNote(
  database: { commit: (batch: readonly ReturnType<typeof insert>[]) => Promise<{ kind: string }> },
  ids: readonly number[],
) {
  const answered: number[] = [];
  for (const id of ids) void database.commit([insert(id)]).then(() => answered.push(id));
  return answered;
}

describe('SQLite in the calling thread', () => {
  test('the schedule decides when a group is written, how large it is, and when it is answered', async () => {
    const schedule = new Gates();
    const database = openSqliteInThread({ file: ':memory:', schedule });
    const created = database.commit([CREATE]);
    await schedule.pass();
    await schedule.pass();
    assert.equal((await created).kind, 'committed');
    const answered = commitAndNote(database, [1, 2, 3, 4, 5]);
    await schedule.pass(2);
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), [{ id: 1 }, { id: 2 }]);
    assert.deepEqual(answered, []);
    await schedule.pass();
    assert.deepEqual(answered, [1, 2]);
    await schedule.pass();
    await schedule.pass();
    assert.deepEqual(answered, [1, 2, 3, 4, 5]);
    const expected = ['commit of 1', 'answers of 1', 'commit of 1', 'answers of 2', 'commit of 4', 'answers of 4'];
    assert.equal(schedule.waits.length, 6);
    assert.deepEqual(
      schedule.waits.map((wait) => wait.split(' ')[0]),
      expected.map((wait) => wait.split(' ')[0]),
    );
    await database.close();
  });

  test('without a schedule it waits for microtasks only', async () => {
    const database = openSqliteInThread({ file: ':memory:' });
    let turns = 0;
    const turn = setImmediate(() => {
      turns += 1;
    });
    await commitOrThrow(database, CREATE);
    await Promise.all([1, 2, 3].map((id) => commitOrThrow(database, insert(id))));
    assert.deepEqual(await rowsOf(database, 'SELECT COUNT(*) AS n FROM note'), [{ n: 3 }]);
    await database.close();
    assert.equal(turns, 0);
    clearImmediate(turn);
  });

  for (const [moment, passes, survivors] of [
    ['before the commit', 0, []],
    ['after it, before the answers', 1, [{ id: 1 }, { id: 2 }]],
  ] as const) {
    test(`a crash ${moment} answers nothing, and the file holds ${survivors.length} of the group`, async (t) => {
      const file = join(testDirectory(t), 'test.db');
      const first = openSqliteInThread({ file });
      await commitOrThrow(first, CREATE);
      await first.close();
      const schedule = new Gates();
      const crashing = openSqliteInThread({ file, schedule });
      const answered = commitAndNote(crashing, [1, 2]);
      for (let pass = 0; pass < passes; pass += 1) await schedule.pass();
      crashing.crash();
      await schedule.pass();
      answered.push(...commitAndNote(crashing, [3]));
      await settled();
      assert.deepEqual(answered, []);
      const next = openSqliteInThread({ file });
      assert.deepEqual(await rowsOf(next, 'SELECT id FROM note ORDER BY id'), survivors);
      await next.close();
    });
  }

  test('a COMMIT that fails fails its whole group for now, also the batch whose guard saw what is undone', async () => {
    const database = openSqliteInThread({ file: ':memory:' });
    await commitOrThrow(database, CREATE);
    await commitOrThrow(database, sql('CREATE TABLE child (id BIGINT REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)'));
    // The one way to make COMMIT itself fail without touching the disk: a foreign key that is looked at only then.
    await database.query(sql('PRAGMA foreign_keys = ON'));
    const results = await Promise.all([
      database.commit([insert(1)]),
      database.commit([sql('INSERT INTO child (id) VALUES (?)', 99)]),
      database.commit([{ ...sql('DELETE FROM note'), expectRows: 0 }]),
    ]);
    assert.deepEqual(results.map(outcomeOf), Array(3).fill('constraint, temporary, not applied'));
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), []);
    await commitOrThrow(database, insert(1));
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), [{ id: 1 }]);
    await database.close();
  });

  test('in a full file the batch that does not fit fails, and those beside it are answered as they ended', async (t) => {
    const database = openSqliteInThread({ file: join(testDirectory(t), 'test.db'), limits: { fileBytes: 100_000 } });
    await commitOrThrow(database, sql('CREATE TABLE note (id BIGINT PRIMARY KEY, body {{bytes}})'));
    const store = (id: number, size: number) =>
      database.commit([sql('INSERT INTO note (id, body) VALUES (?, ?)', id, new Uint8Array(size))]);
    const results = await Promise.all([store(1, 10), store(2, 1_000_000), store(3, 10)]);
    assert.equal(results[1] === undefined ? undefined : outcomeOf(results[1]), 'full, temporary, not applied');
    const committed = [1, 2, 3].filter((_, index) => results[index]?.kind === 'committed');
    assert.deepEqual(
      await rowsOf(database, 'SELECT id FROM note ORDER BY id'),
      committed.map((id) => ({ id })),
    );
    await commitOrThrow(database, sql('DELETE FROM note'), sql('INSERT INTO note (id) VALUES (4)'));
    await database.close();
  });
});
