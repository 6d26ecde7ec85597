/** What an operator meets: the program itself, its signals, its HTTP port and its files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CpmClient, type ReceivedMessage, type SendOutcome } from '@opencpm/client';
import { nodeClientPlatform } from '@opencpm/client/node';

import { loadConfiguration } from '../configuration/load.ts';
import { openAdministration } from '../offline-administration.ts';
import { folderOf } from './folder.fixture.ts';
import { run, started } from './launched.fixture.ts';

const users = ['alice', 'bob', 'carol'];

function serverFolder(context: TestContext, ...more: readonly string[]): string {
  const folder = folderOf(context);
  const lines = [
    'domain: example.net',
    'listen: ["tcp://127.0.0.1:0"]',
    `users: [${users.map((user) => `{ user: ${user}, password: ${user} }`).join(', ')}]`,
    'records: { file: ./records.jsonl }',
    ...more,
  ];
  writeFileSync(join(folder, 'opencpm.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return folder;
}

interface Connected {
  readonly client: CpmClient;
  readonly messages: readonly ReceivedMessage[];
}

/** A client over TCP: when the server has gone, it knows at once. */
async function connected(context: TestContext, listen: string, user: string): Promise<Connected> {
  const { hostname, port } = new URL(listen.replace('tcp:', 'http:'));
  const messages: ReceivedMessage[] = [];
  const server = { transport: 'TCP', host: hostname, port: Number(port) } as const;
  const options = { identity: `sip:${user}@example.net`, password: user, server };
  const client = new CpmClient(nodeClientPlatform(), options, { message: (message) => void messages.push(message) });
  context.after(() => client.close());
  assert.equal((await client.register()).kind, 'registered');
  return { client, messages };
}

function linesOf(path: string): readonly ReturnType<typeof JSON.parse>[] {
  const text = readFileSync(path, 'utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
}

/** Looks until it is so; the test's own limit ends what never is. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setImmediate(turn));
}

/** IMDN Message-IDs of the queue of a server that has stopped. */
async function waitingIn(folder: string): Promise<ReadonlySet<string | undefined>> {
  const loaded = loadConfiguration(join(folder, 'opencpm.yaml'));
  assert(loaded.kind === 'loaded');
  const administration = await openAdministration(loaded.configuration);
  try {
    const queue = await administration.queue({ limit: 100_000 });
    assert(queue.kind === 'done');
    const messages = await Promise.all(queue.value.map(({ messageUriId }) => administration.queuedMessage(messageUriId)));
    return new Set(messages.map((message) => (message.kind === 'done' ? message.value.imdnMessageId : undefined)));
  } finally {
    await administration.close();
  }
}

async function untilExposed(url: string, line: string): Promise<void> {
  for (let text = ''; !text.includes(`\n${line}\n`); ) text = await (await fetch(`${url}/metrics`)).text();
}

test('metrics, health and readiness are served on loopback, and nothing else', async (context) => {
  const { first } = await started(context, serverFolder(context, 'log: { level: error }'), ['serve']);
  assert.match(first.http, /^http:\/\/127\.0\.0\.1:\d+$/);
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`${first.http}${path}`, { method });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  assert.deepEqual(await get('/healthz'), { status: 200, type: 'text/plain', body: 'alive\n' });
  const ready = { status: 200, type: 'application/json', body: '{"ready":true,"reasons":[]}\n' };
  assert.deepEqual(await get('/readyz'), ready);
  const metrics = await get('/metrics?by=prometheus');
  assert.equal(metrics.type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(metrics.body, /\nopencpm_users 3\n/);
  assert.match(metrics.body, /\nopencpm_database_write_batches_count [1-9]/);
  assert.match(metrics.body, /\nprocess_resident_memory_bytes [1-9]\d{6,}\n/);
  assert.deepEqual([(await get('/')).status, (await get('/v1/users')).status, (await get('/metrics', 'POST')).status], [404, 404, 405]);
  assert.deepEqual(await get('/healthz', 'HEAD'), { status: 200, type: 'text/plain', body: '' });
});

test('an HTTP address that is taken ends the start with one line and what to do; off needs none', async (context) => {
  const { first } = await started(context, serverFolder(context, 'log: { level: error }'), ['serve']);
  const address = first.http.replace('http://', '');
  const taken = run(serverFolder(context, `http: { listen: "${address}" }`, 'log: { level: error }'), ['serve']);
  assert.equal(taken.status, 3);
  assert.equal(taken.stderr, `HTTP on ${address}: EADDRINUSE (free this address, or give http.listen another one, or off)\n`);
  const off = await started(context, serverFolder(context, 'http: { listen: off }', 'log: { level: error }'), ['serve']);
  assert.equal(off.first.http, undefined);
});

test('SIGHUP opens log and records anew after they were moved away', async (context) => {
  const folder = serverFolder(context, 'log: { file: ./opencpm.log }');
  const { child, first } = await started(context, folder, ['serve']);
  const alice = await connected(context, first.listen[0], 'alice');
  const bob = await connected(context, first.listen[0], 'bob');
  assert.equal((await alice.client.send('sip:bob@example.net', 'one')).kind, 'accepted');
  const files = ['opencpm.log', 'records.jsonl'].map((name) => join(folder, name));
  for (const file of files) renameSync(file, `${file}.1`);
  child.kill('SIGHUP');
  await until(() => files.every((file) => existsSync(file)));
  await alice.client.send('sip:bob@example.net', 'two');
  await until(() => bob.messages.length === 2);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  const [log = '', records = ''] = files;
  assert.deepEqual(
    linesOf(log)
      .map(({ msg }) => msg)
      .at(-1),
    'The server has stopped.',
  );
  const idsIn = (path: string) => linesOf(path).map(({ id }) => id);
  assert.ok(idsIn(records).length > 0);
  assert.equal(new Set([...idsIn(`${records}.1`), ...idsIn(records)]).size, idsIn(`${records}.1`).length + idsIn(records).length);
});

test('SIGTERM while messages come: each that was answered 2xx is delivered or waits, and each has its records', async (context) => {
  const folder = serverFolder(context, 'log: { file: ./opencpm.log }');
  const { child, first } = await started(context, folder, ['serve']);
  const listen = first.listen[0];
  const alice = await connected(context, listen, 'alice');
  const bob = await connected(context, listen, 'bob');
  const outcomes: { readonly to: string; readonly outcome: SendOutcome }[] = [];
  const sendTo = async (to: string) => {
    for (let accepted = true; accepted; ) {
      const outcome = await alice.client.send(`sip:${to}@example.net`, 'under SIGTERM', { notifications: [] });
      outcomes.push({ to, outcome });
      accepted = outcome.kind === 'accepted';
    }
  };
  // Bob is there, Carol is not: what she gets waits in the database.
  const lanes = Promise.all(['bob', 'bob', 'bob', 'bob', 'carol', 'carol'].map(sendTo));
  await until(() => outcomes.length > 60);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  await lanes;
  const accepted = outcomes.flatMap(({ to, outcome }) => (outcome.kind === 'accepted' ? [{ to, ...outcome }] : []));
  const idsTo = (to: string) => accepted.filter((each) => each.to === to).map(({ messageId }) => messageId);
  assert.ok(idsTo('bob').length > 10 && idsTo('carol').length > 2);
  for (const { to, status } of accepted) assert.equal(status, to === 'bob' ? 200 : 202);
  const shown = new Set(bob.messages.map(({ messageId }) => messageId));
  assert.deepEqual(
    idsTo('bob').filter((id) => !shown.has(id)),
    [],
  );
  const waiting = await waitingIn(folder);
  assert.deepEqual(
    idsTo('carol').filter((id) => !waiting.has(id)),
    [],
  );
  const records = linesOf(join(folder, 'records.jsonl'));
  for (const { messageId } of accepted) {
    const ofMessage = records.filter((record) => record.messageId === messageId).map((record) => record.function);
    assert.deepEqual(ofMessage.toSorted(), ['originating', 'terminating']);
  }
  const log = readFileSync(join(folder, 'opencpm.log'), 'utf8');
  assert.match(log, /"The server takes no new requests and finishes what is under way\."/);
  assert.doesNotMatch(log, /alice|bob|carol|under SIGTERM/);
});

test('a second signal ends at once what would drain for long', async (context) => {
  const folder = serverFolder(context, 'drain: 5m', 'policy: { answerWithin: 25s }', 'log: { file: ./opencpm.log }');
  const { child, first } = await started(context, folder, ['serve']);
  const alice = await connected(context, first.listen[0], 'alice');
  const bob = await started(context, folder, ['listen', '--as', 'bob']);
  // From now on he is registered and says nothing.
  bob.child.kill('SIGSTOP');
  const sending = alice.client.send('sip:bob@example.net', 'never answered');
  await untilExposed(first.http, 'opencpm_sip_transactions{kind="open"} 1');
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await until(() => readFileSync(join(folder, 'opencpm.log'), 'utf8').includes('takes no new requests'));
  // What follows within half a second of the first is the same signal, come twice.
  const again = setInterval(() => child.kill('SIGTERM'), 100);
  context.after(() => clearInterval(again));
  assert.deepEqual(await closed, [143, null]);
  assert.equal((await sending).kind, 'unreachable');
});
