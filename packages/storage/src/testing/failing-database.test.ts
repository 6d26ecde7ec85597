import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { openSqliteInThread } from '../sqlite/in-thread.ts';
import { failingDatabase, type Mishap } from './failing-database.ts';
import { commitOrThrow, outcomeOf, rowsOf, sql } from './statements.ts';

const INSERT = sql('INSERT INTO note (id) VALUES (1)');

/** A database whose first commit suffers the mishap, and the one behind it. */
async function suffering(t: TestContext, mishap: Mishap) {
  const inner = openSqliteInThread({ file: ':memory:' });
  t.after(() => inner.close());
  await commitOrThrow(inner, sql('CREATE TABLE note (id BIGINT)'));
  const database = failingDatabase(inner, ({ verb, number }) => (verb === 'commit' && number === 1 ? mishap : { kind: 'none' }));
  return { database, stored: async () => (await rowsOf(inner, 'SELECT id FROM note')).length };
}

describe('a database that fails by script', () => {
  for (const [kind, outcome, storedRows] of [
    ['none', 'committed', 1],
    ['fails-before', 'connection, temporary, not applied', 0],
    ['answer-lost', 'connection, temporary, outcome unknown', 1],
    ['torn', 'connection, temporary, outcome unknown', 0],
  ] as const) {
    test(`${kind}: ${outcome}, and ${storedRows} rows are there`, async (t) => {
      const { database, stored } = await suffering(t, { kind });
      assert.equal(outcomeOf(await database.commit([INSERT])), outcome);
      assert.equal(await stored(), storedRows);
      assert.equal(outcomeOf(await database.commit([INSERT])), 'committed');
    });
  }

  test('slow: nothing is done until the clock says so', async (t) => {
    const gate = Promise.withResolvers<void>();
    const { database, stored } = await suffering(t, { kind: 'slow', until: gate.promise });
    const commit = database.commit([INSERT]);
    await database.query(sql('SELECT 1 AS one'));
    assert.equal(await stored(), 0);
    gate.resolve();
    assert.equal((await commit).kind, 'committed');
    assert.equal(await stored(), 1);
  });
});
