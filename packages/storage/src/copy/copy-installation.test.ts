import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Database, Row } from '../database.ts';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { TABLES } from '../migrations/tables.ts';
import { openPostgres } from '../postgres/engine.ts';
import { openSqliteInThread } from '../sqlite/in-thread.ts';
import { postgresUrl, testDirectory } from '../testing/each-engine.ts';
import { failingDatabase } from '../testing/failing-database.ts';
import { insertRows, installReleased } from '../testing/released-schema.ts';
import { commitOrThrow, rowsOf, sql } from '../testing/statements.ts';
import { contentsOf } from '../testing/table-contents.ts';
import { type CopyOptions, copyInstallation } from './copy-installation.ts';

type Engine = Database['engine'];

const NOT_AGAIN: CopyOptions = { overwrite: false };
const AGAIN: CopyOptions = { overwrite: true };

/** A new database for the test; one on PostgreSQL at most. */
async function empty(t: TestContext, engine: Engine): Promise<Database> {
  const database =
    engine === 'sqlite'
      ? openSqliteInThread({ file: join(testDirectory(t), 'test.db') })
      : await openPostgres({ url: await postgresUrl(t), exclusive: true });
  t.after(() => database.close());
  return database;
}

/** An installation with rows in every table, some hundred in one and more octets in another than a page takes. */
async function installation(t: TestContext, engine: Engine): Promise<Database> {
  const database = await empty(t, engine);
  await installReleased(database);
  assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
  await insertRows(database, 'stored_messages', manyKeys(1_203));
  const [object = {}] = await rowsOf(database, 'SELECT * FROM message_objects');
  const large = [10, 11, 12, 13, 14].map((uid) => ({
    ...object,
    uid,
    object_key: null,
    octets: octets(uid === 12 ? 5_000_000 : 1_500_000),
  }));
  for (const row of large) await insertRows(database, 'message_objects', [row]);
  const odd = { owner: 'odd', imdn_message_id: `Ünicöde 'quoted' "twice"\r\n𝄞`, originator: '', expires_at: Number.MAX_SAFE_INTEGER };
  await insertRows(database, 'anonymous_originators', [odd]);
  return database;
}

/** Keys whose order is another one in each locale. */
function manyKeys(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, at) => ({
    owner: ['bob', 'Bob', 'b-ob', 'bób'][at % 4] ?? '',
    duplicate_key: `${at % 2 === 0 ? 'k' : 'K'}${at}`,
    expires_at: at,
  }));
}

function octets(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}

const PAIRS: readonly (readonly [Engine, Engine])[] = [
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['sqlite', 'sqlite'],
];

for (const [from, to] of PAIRS) {
  describe(`copying an installation, ${from} to ${to}`, () => {
    test('every table that is to be copied arrives byte for byte, and the source stays as it was', async (t) => {
      const source = await installation(t, from);
      const before = await everything(source);
      const target = await empty(t, to);
      const result = await copyInstallation(source, target, NOT_AGAIN);
      assert(result.kind === 'copied', JSON.stringify(result));
      for (const { table, rows } of result.tables) assert.equal(rows, before.get(table)?.length, table);
      assert.deepEqual(await everything(target), before);
      assert.deepEqual(await everything(source), before);
      assert.deepEqual(await migrate(target, MIGRATIONS), { kind: 'migrated', applied: [] });
    });
  });

  describe(`an interrupted copy, ${from} to ${to}`, () => {
    test('leaves a database that is refused, by a second copy too until it is told to overwrite', async (t) => {
      const source = await installation(t, from);
      const before = await everything(source);
      const target = await empty(t, to);
      const broken = failingDatabase(target, ({ verb, number }) => ({ kind: verb === 'commit' && number > 25 ? 'fails-before' : 'none' }));
      const interrupted = await copyInstallation(source, broken, NOT_AGAIN);
      assert(interrupted.kind === 'copy-fault' && interrupted.side === 'target');
      assert.deepEqual(await migrate(target, MIGRATIONS), { kind: 'copy-unfinished' });
      assert.deepEqual(await copyInstallation(source, target, NOT_AGAIN), { kind: 'target-unfinished' });
      assert.equal((await copyInstallation(source, target, AGAIN)).kind, 'copied');
      assert.deepEqual(await everything(target), before);
    });
  });
}

/** What is copied, by table. */
async function everything(database: Database): Promise<ReadonlyMap<string, readonly Row[]>> {
  const tables = new Map<string, readonly Row[]>();
  for (const { name } of TABLES.filter(({ copied }) => copied)) tables.set(name, await contentsOf(database, name));
  for (const [name, rows] of tables) assert.ok(rows.length > 0, `${name} has no rows to copy`);
  return tables;
}

describe('what a copy refuses, and what it leaves', () => {
  test('wherever it is interrupted, the target is empty, refused or whole', async (t) => {
    const source = await empty(t, 'sqlite');
    await installReleased(source);
    await migrate(source, MIGRATIONS);
    let whole = false;
    for (let last = 0; !whole; last += 1) {
      const target = openSqliteInThread({ file: ':memory:' });
      const broken = failingDatabase(target, ({ number }) => ({ kind: number > last ? 'fails-before' : 'none' }));
      whole = (await copyInstallation(source, broken, NOT_AGAIN)).kind === 'copied';
      const opened = (await migrate(target, MIGRATIONS)).kind;
      const users = opened === 'migrated' ? (await rowsOf(target, 'SELECT owner FROM users')).length : 0;
      if (whole) assert.deepEqual([opened, users > 0], ['migrated', true]);
      else assert.ok(opened === 'copy-unfinished' || users === 0, `after ${last} calls: ${opened}, ${users} users`);
      await target.close();
    }
  });

  test('a target with anything in it stays as it is, and is told by name, whatever is asked', async (t) => {
    const source = await installation(t, 'sqlite');
    const target = await installation(t, 'sqlite');
    const before = await everything(target);
    for (const options of [NOT_AGAIN, AGAIN]) {
      const result = await copyInstallation(source, target, options);
      assert(result.kind === 'target-not-empty');
      assert.deepEqual(
        result.tables.find(({ table }) => table === 'users'),
        { table: 'users', rows: 4 },
      );
    }
    assert.deepEqual(await everything(target), before);
  });

  test('a target with a table of somebody else is not ours to fill', async (t) => {
    const target = await empty(t, 'postgres');
    await commitOrThrow(target, sql('CREATE TABLE invoices (id BIGINT)'));
    const result = await copyInstallation(await installation(t, 'sqlite'), target, NOT_AGAIN);
    assert.deepEqual(result, { kind: 'target-not-empty', tables: [], foreign: ['invoices'] });
  });

  test('a source that is older, newer, no installation, or half of one is told as such, and not touched', async (t) => {
    const target = await empty(t, 'sqlite');
    const stateOf = async (source: Database) => {
      const result = await copyInstallation(source, target, AGAIN);
      return result.kind === 'source-schema' ? result.state : result;
    };
    const source = await empty(t, 'sqlite');
    const programId = MIGRATIONS.length;
    assert.deepEqual(await stateOf(source), { kind: 'schema-older', databaseId: 0, programId });
    await migrate(source, MIGRATIONS.slice(0, 1));
    assert.deepEqual(await stateOf(source), { kind: 'schema-older', databaseId: 1, programId });
    await migrate(source, MIGRATIONS);
    const history = sql('INSERT INTO schema_migrations (id, name) VALUES (?, ?)', programId + 1, 'of tomorrow');
    await commitOrThrow(source, history);
    assert.deepEqual(await stateOf(source), { kind: 'schema-newer', databaseId: programId + 1, programId });
    await commitOrThrow(source, sql('UPDATE schema_migrations SET id = 0 WHERE id = ?', programId + 1));
    assert.deepEqual(await stateOf(source), { kind: 'copy-unfinished' });
    assert.deepEqual(await copyInstallation(await installation(t, 'sqlite'), source, NOT_AGAIN), { kind: 'target-unfinished' });
  });

  test('a newer target is refused', async (t) => {
    const target = await empty(t, 'sqlite');
    const programId = MIGRATIONS.length;
    await migrate(target, MIGRATIONS);
    await commitOrThrow(target, sql('INSERT INTO schema_migrations (id, name) VALUES (?, ?)', programId + 1, 'of tomorrow'));
    const result = await copyInstallation(await installation(t, 'sqlite'), target, AGAIN);
    assert.deepEqual(result, { kind: 'target-schema', state: { kind: 'schema-newer', databaseId: programId + 1, programId } });
  });

  test('rows that go missing on the way leave the target marked', async (t) => {
    const source = await installation(t, 'sqlite');
    const target = openSqliteInThread({ file: ':memory:' });
    t.after(() => target.close());
    const lossy: Database = {
      ...failingDatabase(target, () => ({ kind: 'none' })),
      commit: (batch) => target.commit(batch.filter(({ sql: text }) => !text.startsWith('INSERT INTO barred_users'))),
    };
    assert.deepEqual(await copyInstallation(source, lossy, NOT_AGAIN), {
      kind: 'counts-differ',
      table: 'barred_users',
      source: 1,
      target: 0,
    });
    assert.deepEqual(await migrate(target, MIGRATIONS), { kind: 'copy-unfinished' });
  });
});
