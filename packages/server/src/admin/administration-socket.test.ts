import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Administration, QueuedMessage } from '../administration.ts';
import { AdministrationUnreachable, connectAdministration } from './connect-administration.ts';
import { InMemoryAdministration } from './in-memory-administration.fixture.ts';
import { serveAdministration } from './serve-administration.ts';

const waiting: QueuedMessage = {
  messageUriId: 'm/1 ä',
  user: 'bob',
  arrivedAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-09T03:04:05.000Z',
  sizeOctets: 5,
  mode: 'pager',
  attempts: 0,
  clients: [],
  conversationId: 'c1',
  contentType: 'text/plain',
  text: 'hällo',
};

const bob = { user: 'bob', password: 'b', identities: [] };
const stored = {
  uid: 2,
  folder: 'Default/tel:+15550001',
  direction: 'sent',
  storedAt: '2026-01-02T03:04:05.000Z',
  sizeOctets: 3,
  text: 'ä\n',
} as const;

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-admin-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A served administration, what connects to it, and what it did not expect. */
async function served(context: TestContext, administration: Administration = new InMemoryAdministration([bob], [waiting], [stored])) {
  const socket = join(folderOf(context), 'data', 'opencpm.sock');
  const unexpected: unknown[] = [];
  const serving = await serveAdministration(administration, socket, (error) => unexpected.push(error));
  assert(serving.kind === 'serving');
  context.after(() => serving.close());
  const connected = await connectAdministration(socket);
  assert(connected !== undefined);
  return { socket, serving, connected, unexpected };
}

/** One request by hand: its status and its JSON. */
function raw(socketPath: string, method: string, path: string, body = ''): Promise<{ status: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode, body: JSON.parse(text) }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('every method gives through the socket what it gives directly', async (context) => {
  const { connected } = await served(context);
  const direct = new InMemoryAdministration([bob], [waiting], [stored]);
  const alice = { user: 'alice', password: 'wonderland', identities: ['tel:+15550001'] };
  const asked = async (administration: Administration) => [
    await administration.addUser(alice),
    await administration.addUser(alice),
    await administration.status(),
    await administration.users(),
    await administration.credentials('alice'),
    await administration.credentials('nobody/../alice'),
    await administration.queue({ limit: 10 }),
    await administration.queue({ limit: 10, user: 'alice' }),
    await administration.messageStore.list('bob', 10),
    await administration.messageStore.list('nobody', 10),
    await administration.messageStore.show('bob', 2),
    await administration.messageStore.show('bob', 3),
    await administration.queuedMessage('m/1 ä'),
    await administration.queuedMessage('m/2'),
    await administration.dropQueuedMessage('m/1 ä'),
    await administration.dropQueuedMessage('m/1 ä'),
    await administration.removeUser('alice'),
    await administration.removeUser('alice'),
  ];
  // A summary over the socket has the keys of a summary only.
  const { conversationId: _conversation, contentType: _type, text: _text, ...summary } = waiting;
  const expected = await asked(direct);
  expected[6] = { kind: 'done', value: [summary] };
  expected[14] = { kind: 'done', value: summary };
  assert.deepEqual(await asked(connected), expected);
});

test('only this user may open the socket, whatever the umask, and the umask is put back', async (context) => {
  const mask = process.umask(0);
  context.after(() => process.umask(mask));
  const { socket } = await served(context);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  assert.equal(process.umask(0), 0);
});

test('status codes follow the kind of the result', async (context) => {
  const { socket } = await served(context);
  const status = async (method: string, path: string, body?: string) => (await raw(socket, method, path, body)).status;
  assert.equal(await status('GET', '/v1/users'), 200);
  assert.equal(await status('GET', '/v1/users/nobody/credentials'), 404);
  assert.equal(await status('GET', '/v1/nothing'), 404);
  assert.equal(await status('GET', '/users'), 404);
  assert.equal(await status('GET', '/v1/users/%ff/credentials'), 404);
  assert.equal(await status('PUT', '/v1/users'), 405);
  assert.equal(await status('POST', '/v1/users', '{'), 400);
  assert.equal(await status('POST', '/v1/users', '{"user":"alice","password":"x","identities":[],"admin":true}'), 400);
  assert.equal(await status('GET', '/v1/queue?limit=0'), 400);
  assert.equal(await status('POST', '/v1/users', ' '.repeat(65_537)), 413);
});

test('a fault of the server comes as the fault it is; a thrown one ends the exchange and is reported', async (context) => {
  class Broken extends InMemoryAdministration {
    override async users() {
      return { kind: 'fault', text: 'The disk is full.', temporary: true } as const;
    }
    override status(): Promise<never> {
      return Promise.reject(new Error('an assertion failed'));
    }
  }
  const { connected, socket, unexpected } = await served(context, new Broken([], []));
  assert.deepEqual(await connected.users(), { kind: 'fault', text: 'The disk is full.', temporary: true });
  assert.equal((await raw(socket, 'GET', '/v1/users')).status, 503);
  await assert.rejects(connected.status(), AdministrationUnreachable);
  assert.equal(unexpected.length, 1);
});

test('nobody is connected when no server listens', async (context) => {
  const { socket, serving } = await served(context);
  assert.equal(await connectAdministration(`${socket}.absent`), undefined);
  await serving.close();
  assert.equal(await connectAdministration(socket), undefined);
});

test('a server that went away is a temporary fault', async (context) => {
  const { connected, serving } = await served(context);
  await serving.close();
  const result = await connected.users();
  assert(result.kind === 'fault');
  assert.equal(result.temporary, true);
});

test('the socket of a live server is not taken', async (context) => {
  const { socket, connected } = await served(context);
  const second = await serveAdministration(new InMemoryAdministration([], []), socket, () => undefined);
  assert(second.kind === 'fault');
  assert.match(second.text, /already answers on .*opencpm\.sock \(stop it/);
  assert.equal((await connected.status()).deferredMessages, 1);
});

test('the socket of a dead server is replaced', async (context) => {
  const socket = join(folderOf(context), 'opencpm.sock');
  const program = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
  assert(existsSync(socket));
  const serving = await serveAdministration(new InMemoryAdministration([], []), socket, () => undefined);
  assert(serving.kind === 'serving');
  context.after(() => serving.close());
  assert.equal((await (await connectAdministration(socket))?.status())?.domain, 'example.net');
});

test('a path that the kernel does not take is a fault with its remedy', async (context) => {
  const socket = join(folderOf(context), 'deep'.repeat(30), 'opencpm.sock');
  const serving = await serveAdministration(new InMemoryAdministration([], []), socket, () => undefined);
  assert(serving.kind === 'fault');
  assert.match(serving.text, /too long \(put the database in a shorter path\)/);
});
