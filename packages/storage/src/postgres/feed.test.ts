import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import type { Change, ChangeFeed } from '../database.ts';
import { tellingDatabase } from '../telling-database.ts';
import { onPostgres, postgresUrl } from '../testing/each-engine.ts';
import { commitOrThrow, sql } from '../testing/statements.ts';
import { openPostgresFeed } from './feed.ts';
import { maxToldOctets } from './feed-limits.ts';

interface Listening {
  readonly feed: ChangeFeed;
  /** Resolves with that many texts, in the order in which they were heard. */
  heard(count: number): Promise<readonly string[]>;
  readonly resumed: Promise<void>;
}

async function listen(t: TestContext, name: string): Promise<Listening> {
  const texts: string[] = [];
  const resumed = Promise.withResolvers<void>();
  let wanted: { readonly count: number; resolve(): void } = { count: Number.POSITIVE_INFINITY, resolve: () => undefined };
  const heard = (text: string): void => {
    texts.push(text);
    if (texts.length >= wanted.count) wanted.resolve();
  };
  const feed = await openPostgresFeed(await postgresUrl(t), name, { heard, resumed: resumed.resolve });
  t.after(() => feed.close());
  return {
    feed,
    resumed: resumed.promise,
    heard: async (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      wanted = { count, resolve };
      if (texts.length < count) await promise;
      return texts;
    },
  };
}

onPostgres('change feed', (open) => {
  test('what one tells the others hear in its order, and it does not hear itself', async (t) => {
    const [one, other, third] = [await listen(t, 'one'), await listen(t, 'other'), await listen(t, 'third')];
    const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);
    for (const text of texts) one.feed.tell(text);
    assert.deepEqual(await other.heard(100), texts);
    assert.deepEqual(await third.heard(100), texts);
    other.feed.tell('answer');
    assert.deepEqual(await one.heard(1), ['answer'], 'the first it hears is another one’s');
  });

  test('the longest text passes', async (t) => {
    const [one, other] = [await listen(t, 'one'), await listen(t, 'other')];
    const text = 'x'.repeat(maxToldOctets);
    one.feed.tell(text);
    assert.deepEqual(await other.heard(1), [text]);
  });

  test('one process has a name for itself, until its connection ends', async (t) => {
    const one = await listen(t, 'node');
    const same = await listen(t, 'node');
    assert.deepEqual([await one.feed.aloneUnderName(), await same.feed.aloneUnderName()], [true, false]);
    assert.equal(await (await listen(t, 'another')).feed.aloneUnderName(), true);
    await one.feed.close();
    const client = await serverClient(t);
    for (let ended = false; !ended; ) {
      const left = await client.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'opencpm feed' AND datname = current_database()",
      );
      ended = left.rows.length === 2;
    }
    assert.equal(await same.feed.aloneUnderName(), true);
  });

  test('a lost connection comes back and says so', async (t) => {
    const [one, other] = [await listen(t, 'one'), await listen(t, 'other')];
    const client = await serverClient(t);
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opencpm feed' AND datname = current_database()",
    );
    await Promise.all([one.resumed, other.resumed]);
    assert.equal(await one.feed.aloneUnderName(), true);
    one.feed.tell('afterwards');
    assert.deepEqual(await other.heard(1), ['afterwards']);
  });

  test('changes are told when they are durable, each once, and not when a guard has undone them', async (t) => {
    const told: Change[] = [];
    const database = tellingDatabase(await open(t), (changes) => told.push(...changes));
    await commitOrThrow(database, sql('CREATE TABLE note (id TEXT PRIMARY KEY)'));
    const insert = (id: string, owner: string) => ({
      ...sql('INSERT INTO note (id) VALUES (?) ON CONFLICT DO NOTHING', id),
      expectRows: 1,
      tells: { kind: 'bindings' as const, owner },
    });
    await commitOrThrow(database, insert('a', 'alice'), insert('b', 'alice'), insert('c', 'bob'));
    assert.equal((await database.commit([insert('d', 'carol'), insert('a', 'dora')])).kind, 'guard-failed');
    assert.deepEqual(told, [
      { kind: 'bindings', owner: 'alice' },
      { kind: 'bindings', owner: 'bob' },
    ]);
  });
});

async function serverClient(t: TestContext): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await postgresUrl(t) });
  await client.connect();
  t.after(() => client.end());
  return client;
}
