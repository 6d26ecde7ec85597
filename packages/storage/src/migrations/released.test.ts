import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type QueueFault, userId } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { AnonymousOriginatorRows } from '../repositories/anonymous-originators.ts';
import { Bindings } from '../repositories/bindings.ts';
import { DeferredMessages } from '../repositories/deferred-messages.ts';
import { MessageObjects } from '../repositories/message-objects.ts';
import { OutboxRows } from '../repositories/outbox.ts';
import { serverKey } from '../repositories/server-keys.ts';
import { UserPreferenceRows } from '../repositories/user-preferences.ts';
import { Users } from '../repositories/users.ts';
import { eachEngine, type OpenForTest } from '../testing/each-engine.ts';
import { FIRST_RELEASED_SCHEMA, installReleased, releasedInstallation } from '../testing/released-schema.ts';
import { commitOrThrow, rowsOf, sql } from '../testing/statements.ts';
import { inOrder } from '../testing/table-contents.ts';
import { tablesOf } from './catalogue.ts';
import { MIGRATIONS, migrate } from './index.ts';

/** What was released, by the SHA-256 of its text. A line of this list is never changed; the next release adds its own. */
const RELEASED = [
  ['0001-first.ts', 'c92e30282a0127d6b30d55c1adec54ba7c978176b022a09cc8fc190eba78269a'],
  ['0002-message-store.ts', '7e5332f31abc088fcdf26e0e3a66672b9efcad9073880f2c98ab32b9784e6f91'],
  ['released/schema-2.json', '2384a023f8fffb0954fa8b5032d5ddacb702cffa124b021dbdd9c3288996fc33'],
] as const;

for (const [file, digest] of RELEASED) {
  test(`${file} is as it was released`, () => {
    const text = readFileSync(new URL(file, import.meta.url));
    const correction = 'databases in the field have what was released: undo the change, and write a new migration';
    assert.equal(createHash('sha256').update(text).digest('hex'), digest, correction);
  });
}

/** An installation of the first release, brought to the schema of today. */
async function broughtForward(t: TestContext, open: OpenForTest): Promise<Database> {
  const database = await open(t);
  await installReleased(database);
  const applied = MIGRATIONS.slice(FIRST_RELEASED_SCHEMA).map(({ id }) => id);
  assert.deepEqual(await migrate(database, MIGRATIONS), { kind: 'migrated', applied });
  return database;
}

function read<T>(result: T | QueueFault): T {
  if (isFault(result)) assert.fail(result.reason);
  return result;
}

function isFault(result: unknown): result is QueueFault {
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'fault';
}

const LATER = 2_000_000_000_000;
const LIMITS = { messagesPerUser: 10, octetsPerUser: 1_000_000, duplicateKeysPerUser: 100, duplicateWindowMilliseconds: 1_000 };

eachEngine('an installation of the first released schema', (open) => {
  test('has rows in every table of that schema', async (t) => {
    const database = await open(t);
    await installReleased(database);
    const tables = releasedInstallation();
    const made = await tablesOf(database);
    assert.deepEqual(made, ['schema_migrations', ...tables.keys()].sort());
    for (const [table, rows] of tables) assert.ok(rows.length > 0, table);
  });

  test('has them all after today’s migrations', async (t) => {
    const database = await broughtForward(t, open);
    for (const [table, rows] of releasedInstallation()) {
      const columns = Object.keys(rows[0] ?? {});
      assert.deepEqual(inOrder(await rowsOf(database, `SELECT ${columns.join(', ')} FROM ${table}`)), inOrder(rows), table);
    }
  });

  test('is read whole by the repositories of today', async (t) => {
    const database = await broughtForward(t, open);
    const users = new Map(read(await new Users(database).page(undefined, 10)).map((user) => [user.name, user.owner]));
    assert.deepEqual([...users.keys()].sort(), ['alice', 'bob', 'carol', 'dave']);
    const owner = (name: string) => users.get(name) ?? userId('');
    const queue = new DeferredMessages(database, LIMITS);
    const waiting = read(await queue.waiting(owner('bob'), { client: 'any', now: LATER, limit: 10 }));
    assert.deepEqual([waiting.length, read(await queue.count(owner('bob')))], [2, 2]);
    const [first] = read(await queue.list(owner('bob'), 10));
    const [attempt] = read(await queue.attempts(owner('bob'), first?.id ?? assert.fail()));
    assert.equal(attempt?.client, '<urn:uuid:00000000-0000-1000-8000-000000000001>');
    const anonymous = releasedInstallation().get('anonymous_originators')?.[0];
    const originators = await rowsOf(database, 'SELECT originator FROM anonymous_originators');
    assert.deepEqual(originators, [{ originator: anonymous?.originator }]);
    assert.equal(await new AnonymousOriginatorRows(database).forgetExpired(LATER), undefined);
    assert.equal(read(await new Bindings(database).of(owner('carol'), LATER)).length, 1);
    const objects = new MessageObjects(database, { objectsPerUser: 10, octetsPerUser: 1_000_000 });
    assert.equal(read(await objects.list(owner('carol'), 0, 10)).length, 1);
    const [owed] = read(await new OutboxRows(database).due(Number.MAX_SAFE_INTEGER, 10));
    assert.deepEqual([owed?.id, owed?.attempts, owed?.request.method], ['owed-1', 3, 'MESSAGE']);
    const preferences = new UserPreferenceRows(database, { rulesPerUser: 9, blockedContactsPerUser: 9, deviceProfilesPerUser: 9 });
    const { rules, blockedContacts, profiles } = read(await preferences.of(owner('bob')));
    assert.deepEqual([rules.length, blockedContacts.size, profiles?.size], [1, 1, 1]);
    assert.deepEqual(read(await preferences.barred()), [owner('dave')]);
    assert.equal(await serverKey(database, 'delivery', 'a new one'), releasedInstallation().get('server_keys')?.[0]?.value);
  });

  test('keeps what is done with it: a message leaves the queue, the next one comes behind the last', async (t) => {
    const database = await broughtForward(t, open);
    const queue = new DeferredMessages(database, LIMITS);
    const [first, second] = read(await queue.list(undefined, 10));
    assert(first !== undefined);
    assert.equal(await queue.remove(first.owner, first.id, []), true);
    assert.deepEqual(
      read(await queue.list(undefined, 10)).map(({ id }) => id),
      [second?.id],
    );
    const sizes = await rowsOf(database, 'SELECT messages, position FROM queue_sizes WHERE owner = ?', first.owner);
    assert.deepEqual(sizes, [{ messages: 1, position: releasedInstallation().get('queue_sizes')?.[0]?.position }]);
  });

  test('of a newer program is refused by this one, and not touched', async (t) => {
    const database = await broughtForward(t, open);
    const next = MIGRATIONS.length + 1;
    await commitOrThrow(database, sql('INSERT INTO schema_migrations (id, name) VALUES (?, ?)', next, 'of tomorrow'));
    assert.deepEqual(await migrate(database, MIGRATIONS), { kind: 'schema-newer', databaseId: next, programId: MIGRATIONS.length });
  });
});
