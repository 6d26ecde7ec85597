import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Database } from './database.ts';
import { eachEngine, type OpenForTest } from './testing/each-engine.ts';
import { commitOrThrow, expecting, outcomeOf, rowsOf, sql } from './testing/statements.ts';

const CREATE = sql('CREATE TABLE note (id TEXT PRIMARY KEY, owner TEXT NOT NULL, size BIGINT NOT NULL, body {{bytes}})');
const INSERT = 'INSERT INTO note (id, owner, size, body) VALUES (?, ?, ?, ?)';

function insert(id: string, size = 0, body: Uint8Array | null = null) {
  return sql(INSERT, id, 'alice', size, body);
}

async function idsOf(database: Database): Promise<unknown[]> {
  const rows = await rowsOf(database, 'SELECT id FROM note ORDER BY size, id');
  return rows.map((row) => row.id);
}

async function openWithNotes(open: OpenForTest, t: TestContext): Promise<Database> {
  const database = await open(t);
  await commitOrThrow(database, CREATE);
  return database;
}

eachEngine('values', (open) => {
  test('octets, integers up to 2^53, text and null come back as they were', async (t) => {
    const database = await openWithNotes(open, t);
    const body = Uint8Array.from({ length: 256 }, (_, index) => index);
    await commitOrThrow(
      database,
      insert('größe "?" \'?\'', Number.MAX_SAFE_INTEGER, body),
      insert('b', Number.MIN_SAFE_INTEGER, new Uint8Array()),
    );
    await commitOrThrow(database, insert('c', 7, null));
    assert.deepEqual(await rowsOf(database, 'SELECT id, size, body FROM note ORDER BY size DESC'), [
      { id: 'größe "?" \'?\'', size: Number.MAX_SAFE_INTEGER, body },
      { id: 'c', size: 7, body: null },
      { id: 'b', size: Number.MIN_SAFE_INTEGER, body: new Uint8Array() },
    ]);
  });

  test('of a view only its own octets are stored', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(
      database,
      insert('a', 0, new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3)),
      insert('b', 1, Buffer.from('hello').subarray(1, 4)),
    );
    assert.deepEqual(await rowsOf(database, 'SELECT body FROM note ORDER BY id'), [
      { body: new Uint8Array([2, 3]) },
      { body: new Uint8Array([101, 108, 108]) },
    ]);
  });

  test('counts, sums and comparisons are numbers', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a', 20), insert('b', 22));
    assert.deepEqual(await rowsOf(database, 'SELECT COUNT(*) AS n, SUM(size) AS total, MAX(size) > 21 AS large FROM note'), [
      { n: 2, total: 42, large: 1 },
    ]);
  });

  test('an integer is bound as an integer: it divides and concatenates as one', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a', 7));
    assert.deepEqual(await rowsOf(database, "SELECT size / ? AS half, 'x' || size AS name FROM note WHERE size = ? LIMIT ?", 2, 7, 1), [
      { half: 3, name: 'x7' },
    ]);
  });

  for (const number of [0.5, 2 ** 53, Number.NaN]) {
    test(`${number} is not stored as something near it`, async (t) => {
      const database = await openWithNotes(open, t);
      assert.equal(outcomeOf(await database.commit([insert('a', 1), insert('b', number)])), 'statement, lasting, not applied');
      assert.deepEqual(await idsOf(database), []);
    });
  }
});

eachEngine('batches', (open) => {
  test('what was committed is there after close and open', async (t) => {
    const first = await openWithNotes(open, t);
    await commitOrThrow(first, insert('a'), insert('b'));
    await first.close();
    assert.deepEqual(await idsOf(await open(t)), ['a', 'b']);
  });

  test('an error in one statement undoes the whole batch', async (t) => {
    const database = await openWithNotes(open, t);
    assert.equal(outcomeOf(await database.commit([insert('a'), sql('NONSENSE')])), 'statement, lasting, not applied');
    assert.equal(
      outcomeOf(await database.commit([insert('a'), sql('UPDATE nowhere SET id = ?', 'x'), insert('b')])),
      'statement, lasting, not applied',
    );
    assert.deepEqual(await idsOf(database), []);
  });

  test('a batch of nothing is committed', async (t) => {
    const database = await openWithNotes(open, t);
    assert.deepEqual(await database.commit([]), { kind: 'committed', rows: [] });
  });

  test('a text of two statements is refused, not cut', async (t) => {
    const database = await openWithNotes(open, t);
    assert.equal(
      outcomeOf(await database.commit([sql("DELETE FROM note WHERE id = ?; DELETE FROM note WHERE id = 'b'", 'a')])),
      'statement, lasting, not applied',
    );
  });

  test('a constraint is a lasting fault and undoes its own batch only', async (t) => {
    const database = await openWithNotes(open, t);
    const results = await Promise.all([
      database.commit([insert('a', 1)]),
      database.commit([insert('b', 2), insert('b', 3)]),
      database.commit([insert('c', 4)]),
    ]);
    assert.deepEqual(results.map(outcomeOf), ['committed', 'constraint, lasting, not applied', 'committed']);
    assert.deepEqual(await idsOf(database), ['a', 'c']);
  });

  test('a guard that does not hold undoes the batch and says which and how many', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a'));
    const few = await database.commit([insert('b'), expecting(1, sql('UPDATE note SET size = ? WHERE id = ?', 9, 'absent')), insert('c')]);
    assert.deepEqual(few, { kind: 'guard-failed', statement: 1, rowCount: 0 });
    const many = await database.commit([expecting(0, sql('DELETE FROM note'))]);
    assert.deepEqual(many, { kind: 'guard-failed', statement: 0, rowCount: 1 });
    assert.deepEqual(await idsOf(database), ['a']);
  });

  test('a guard is looked at before the errors of the statements behind it', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a'));
    const result = await database.commit([expecting(1, sql('DELETE FROM note WHERE id = ?', 'absent')), insert('a')]);
    assert.deepEqual(result, { kind: 'guard-failed', statement: 0, rowCount: 0 });
  });

  test('RETURNING gives the rows of each statement, and a guard counts them', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a', 1), insert('b', 2));
    const claim = expecting(2, sql('UPDATE note SET owner = ? WHERE owner = ? RETURNING id, size', 'bob', 'alice'));
    const rows = await commitOrThrow(database, claim, insert('c', 3), sql("SELECT owner FROM note WHERE id = 'c'"));
    assert.deepEqual(
      rows[0]?.toSorted((one, other) => Number(one.size) - Number(other.size)),
      [
        { id: 'a', size: 1 },
        { id: 'b', size: 2 },
      ],
    );
    assert.deepEqual(rows.slice(1), [[], [{ owner: 'alice' }]]);
  });

  test('ON CONFLICT does nothing, or updates', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a', 1));
    const ignored = await database.commit([expecting(1, sql(`${INSERT} ON CONFLICT (id) DO NOTHING`, 'a', 'bob', 2, null))]);
    assert.deepEqual(ignored, { kind: 'guard-failed', statement: 0, rowCount: 0 });
    await commitOrThrow(database, expecting(1, sql(`${INSERT} ON CONFLICT (id) DO UPDATE SET size = excluded.size`, 'a', 'bob', 2, null)));
    assert.deepEqual(await rowsOf(database, 'SELECT owner, size FROM note'), [{ owner: 'alice', size: 2 }]);
  });

  test('2,000 statements make one batch', async (t) => {
    const database = await openWithNotes(open, t);
    const ids = Array.from({ length: 2_000 }, (_, index) => String(index));
    await commitOrThrow(database, ...ids.map((id, index) => insert(id, index, new Uint8Array(100))));
    assert.deepEqual(await idsOf(database), ids);
  });
});

eachEngine('many callers', (open) => {
  test('500 commits at once, one of them with a guard that fails: the others stand', async (t) => {
    const database = await openWithNotes(open, t);
    const batches = Array.from({ length: 500 }, (_, index) => [insert(String(index), index)]);
    batches[250] = [insert('250', 250), expecting(1, sql('DELETE FROM note WHERE id = ?', 'absent'))];
    const results = await Promise.all(batches.map((batch) => database.commit(batch)));
    const failed = results.filter((result) => result.kind !== 'committed');
    assert.deepEqual(failed, [{ kind: 'guard-failed', statement: 1, rowCount: 0 }]);
    const expected = batches.map((_, index) => String(index)).filter((id) => id !== '250');
    assert.deepEqual(await idsOf(database), expected);
  });

  test('of twenty who claim the same row one gets it', async (t) => {
    const database = await openWithNotes(open, t);
    await commitOrThrow(database, insert('a'));
    const claim = (name: string) => expecting(1, sql("UPDATE note SET owner = ? WHERE id = 'a' AND owner = 'alice' RETURNING owner", name));
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => database.commit([claim(`claimer ${index}`)])));
    const winners = results.filter((result) => result.kind === 'committed');
    assert.equal(winners.length, 1);
    assert.deepEqual([await rowsOf(database, 'SELECT owner FROM note')], winners[0]?.rows);
  });

  test('a query after a commit sees it, whatever else is under way', async (t) => {
    const database = await openWithNotes(open, t);
    const writeThenRead = async (id: string) => {
      await commitOrThrow(database, insert(id));
      return rowsOf(database, 'SELECT id FROM note WHERE id = ?', id);
    };
    const ids = Array.from({ length: 60 }, (_, index) => String(index));
    assert.deepEqual(
      await Promise.all(ids.map(writeThenRead)),
      ids.map((id) => [{ id }]),
    );
  });

  test('a query that is wrong is a fault, and the next one is answered', async (t) => {
    const database = await openWithNotes(open, t);
    assert.equal(outcomeOf(await database.query(sql('SELECT nothing FROM note'))), 'statement, lasting, not applied');
    assert.deepEqual(await idsOf(database), []);
  });

  test('close waits for what was accepted; later calls are a fault', async (t) => {
    const database = await openWithNotes(open, t);
    const commits = ['a', 'b', 'c'].map((id) => database.commit([insert(id)]));
    const query = database.query(sql('SELECT COUNT(*) AS n FROM note'));
    const closed = Promise.all([database.close(), database.close()]);
    const late = [await database.commit([insert('late')]), await database.query(sql('SELECT 1 AS one'))];
    assert.deepEqual((await Promise.all(commits)).map(outcomeOf), ['committed', 'committed', 'committed']);
    assert.equal((await query).kind, 'rows');
    assert.deepEqual(late.map(outcomeOf), ['closed, lasting, not applied', 'closed, lasting, not applied']);
    await closed;
    assert.deepEqual(await idsOf(await open(t)), ['a', 'b', 'c']);
  });
});
