/** Installations that outlive a program or a database: moved from SQLite to PostgreSQL, or made by an earlier release. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { CpmClient, type ReceivedMessage } from '@opencpm/client';
import { nodeClientPlatform } from '@opencpm/client/node';
import { openDatabase } from '@opencpm/storage';
import { folderOf } from '../packages/server/src/command-line/folder.fixture.ts';
import { run, started } from '../packages/server/src/command-line/launched.fixture.ts';
import { type PostgresFixture, startPostgres } from '../packages/storage/src/testing/postgres-fixture.ts';
import { installReleased } from '../packages/storage/src/testing/released-schema.ts';

let postgres: Promise<PostgresFixture> | undefined;
after(async () => (await postgres)?.stop());

/** The URL of a new database. */
async function newDatabase(name: string): Promise<string> {
  postgres ??= startPostgres();
  const server = await postgres;
  await server.createDatabase(name);
  return server.url(name);
}

function configure(folder: string, storage: string): void {
  const lines = [
    'domain: example.net',
    'listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"]',
    'http: { listen: off }',
    `storage: ${JSON.stringify(storage)}`,
    'users: [{ user: alice, password: alice }]',
    'log: { level: error }',
  ];
  writeFileSync(join(folder, 'opencpm.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

interface Connected {
  readonly client: CpmClient;
  readonly messages: readonly ReceivedMessage[];
}

async function connected(context: TestContext, listen: readonly string[], user: string): Promise<Connected> {
  const { hostname, port } = new URL(listen.find((address) => address.startsWith('tcp:'))?.replace('tcp:', 'http:') ?? assert.fail());
  const messages: ReceivedMessage[] = [];
  const server = { transport: 'TCP', host: hostname, port: Number(port) } as const;
  const options = { identity: `sip:${user}@example.net`, password: user, server };
  const client = new CpmClient(nodeClientPlatform(), options, { message: (message) => void messages.push(message) });
  context.after(() => client.close());
  assert.equal((await client.register()).kind, 'registered');
  return { client, messages };
}

/** Runs a command that has to succeed; the objects that it printed. */
function json(folder: string, ...words: readonly string[]): readonly ReturnType<typeof JSON.parse>[] {
  const { status, stdout, stderr } = run(folder, ['--json', ...words]);
  assert.deepEqual([status, stderr], [0, ''], words.join(' '));
  return stdout.trimEnd() === ''
    ? []
    : stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
}

/** Looks until it is so; the test's own limit ends what never is. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setImmediate(turn));
}

async function stopped({ child }: Awaited<ReturnType<typeof started>>): Promise<void> {
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
}

const texts = ['the first', 'the second, with ünïcödé', 'the third'];

/** A server on SQLite with users, a rule, a registration and what waits for Bob; ended again. Answers `user list`. */
async function lived(context: TestContext, folder: string): Promise<readonly unknown[]> {
  const server = await started(context, folder, ['serve']);
  for (const user of ['bob', 'carol']) json(folder, 'user', 'add', user, '--password', user);
  json(folder, 'user', 'rule', 'add', 'carol', '--action', 'reject', '--from', 'sip:alice@example.net');
  const udp = server.first.listen[1];
  const listening = await started(context, folder, ['listen', '--as', 'carol', '--password', 'carol', '--server', udp]);
  listening.child.kill('SIGKILL');
  const alice = await connected(context, server.first.listen, 'alice');
  for (const text of texts) {
    const outcome = await alice.client.send('sip:bob@example.net', text, { notifications: [] });
    assert.deepEqual([outcome.kind, outcome.kind === 'accepted' && outcome.status], ['accepted', 202]);
  }
  await alice.client.close();
  const held = run(folder, ['storage', 'copy', '--from', 'sqlite:data/opencpm.db', '--to', 'sqlite:data/copy.db']);
  assert.equal(held.status, 3);
  assert.match(held.stderr, /^The source \(--from\): .*: another OpenCPM server holds it \(stop that server, or use another storage\)\n$/);
  await stopped(server);
  return json(folder, 'user', 'list');
}

test('an installation moved from SQLite to PostgreSQL goes on: Bob gets exactly what waited, rules and registrations hold', async (context) => {
  const folder = folderOf(context);
  const url = await newDatabase('moved');
  configure(folder, 'sqlite:./data/opencpm.db');
  const users = await lived(context, folder);
  const waiting = json(folder, 'queue', 'list');
  const [copied] = json(folder, 'storage', 'copy', '--from', 'sqlite:data/opencpm.db', '--to', url);
  assert.deepEqual([copied.tables.users, copied.tables.deferred_messages, copied.tables.server_keys], [3, 3, 1]);
  configure(folder, url);
  assert.deepEqual(json(folder, 'user', 'list'), users);
  assert.deepEqual(json(folder, 'queue', 'list'), waiting);
  const server = await started(context, folder, ['serve']);
  const bob = await connected(context, server.first.listen, 'bob');
  await until(() => bob.messages.length === texts.length && json(folder, 'queue', 'list', '--user', 'bob').length === 0);
  assert.deepEqual(
    bob.messages.map(({ text }) => text),
    texts,
  );
  const alice = await connected(context, server.first.listen, 'alice');
  assert.equal((await alice.client.send('sip:carol@example.net', 'refused by her rule')).kind, 'refused');
  const held = run(folder, ['storage', 'copy', '--from', url, '--to', 'sqlite:data/back.db']);
  assert.equal(held.status, 3);
  assert.match(held.stderr, /^The source \(--from\): a server uses this PostgreSQL database \(stop that server/);
  await stopped(server);
  const [back] = json(folder, 'storage', 'copy', '--from', url, '--to', 'sqlite:data/back.db');
  assert.deepEqual([back.tables.users, back.tables.deferred_messages, back.tables.server_keys], [3, 0, 1]);
});

for (const engine of ['sqlite', 'postgres'] as const) {
  test(`a server starts on an installation of the first released schema, on ${engine}, and pushes what waits there`, async (context) => {
    const folder = folderOf(context);
    mkdirSync(join(folder, 'data'));
    const storage = engine === 'sqlite' ? `sqlite:${join(folder, 'data', 'opencpm.db')}` : await newDatabase('released');
    const database = await openDatabase(storage);
    await installReleased(database);
    await database.close();
    configure(folder, storage);
    const server = await started(context, folder, ['serve']);
    const bob = await connected(context, server.first.listen, 'bob');
    await until(() => bob.messages.length === 2 && json(folder, 'queue', 'list', '--user', 'bob').length === 0);
    assert.deepEqual(
      bob.messages.map(({ text, from }) => [text, from]),
      [
        ['the first that waited', 'sip:alice@example.net'],
        ['the second, anonymous', 'sip:anonymous@anonymous.invalid'],
      ],
    );
    const users = json(folder, 'user', 'list').map(({ user, identities }) => [user, identities.length]);
    assert.deepEqual(users, [
      ['alice', 1],
      ['bob', 2],
      ['carol', 1],
      ['dave', 1],
    ]);
    assert.deepEqual(json(folder, 'store', 'list', 'carol').length, 1);
    const alice = await connected(context, server.first.listen, 'alice');
    assert.equal((await alice.client.send('sip:carol@example.net', 'and a new one', { notifications: [] })).kind, 'accepted');
    await stopped(server);
  });
}
