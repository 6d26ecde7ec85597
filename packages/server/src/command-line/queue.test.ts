import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import type { QueuedMessage, QueuedMessageClient } from '../administration.ts';
import { folderServedBy, run } from './in-process.fixture.ts';

const refusing: QueuedMessageClient = { client: '<urn:uuid:1>', attempts: 1, status: 415 };
const busy: QueuedMessageClient = { client: '<urn:uuid:2>', attempts: 3, status: 486, nextTryAt: '2026-01-02T03:14:05.000Z' };
const silent: QueuedMessageClient = { client: 'sip:bob@192.0.2.1', attempts: 2, nextTryAt: '2026-01-02T03:09:05.000Z' };

function waiting(messageUriId: string, ...clients: readonly QueuedMessageClient[]): QueuedMessage {
  const times = { arrivedAt: '2026-01-02T03:04:05.000Z', expiresAt: '2026-01-09T03:04:05.000Z' };
  const attempts = clients.reduce((sum, client) => sum + client.attempts, 0);
  return {
    messageUriId,
    user: 'bob',
    from: 'sip:alice@example.net',
    ...times,
    sizeOctets: 9,
    mode: 'pager',
    attempts,
    clients,
    contentType: 'text/plain',
  };
}

/** What a command writes where three messages wait for Bob; it has to end with 0. */
async function outputOf(context: TestContext, ...words: readonly string[]): Promise<string> {
  const messages = [waiting('new'), waiting('asked', refusing, busy, silent), waiting('refused', refusing)];
  const administration = new InMemoryAdministration([{ user: 'bob', password: 'b', identities: [] }], messages);
  const { code, out, error } = await run(await folderServedBy(context, administration), ...words);
  assert.deepEqual([code, error], [0, '']);
  return out;
}

test('queue list shows how often each message was tried and what it waits for', async (context) => {
  const rows = (await outputOf(context, 'queue', 'list'))
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(
    rows.map((row) => [row[0], row.at(-2), row.at(-1)]),
    [
      ['ID', 'ATTEMPTS', 'NEXT TRY'],
      ['new', '0', 'registration'],
      ['asked', '6', '2026-01-02T03:09:05.000Z'],
      ['refused', '1', 'refused'],
    ],
  );
});

test('queue show says of each client what it answered, and when it is tried again', async (context) => {
  const shown = await outputOf(context, 'queue', 'show', 'asked');
  for (const line of [
    /^attempts +6$/m,
    /^next try +2026-01-02T03:09:05\.000Z$/m,
    /^client +<urn:uuid:1>: 1 attempts, last answered 415, refused until it registers otherwise$/m,
    /^client +<urn:uuid:2>: 3 attempts, last answered 486, next try 2026-01-02T03:14:05\.000Z$/m,
    /^client +sip:bob@192\.0\.2\.1: 2 attempts, last answered nothing, next try 2026-01-02T03:09:05\.000Z$/m,
  ])
    assert.match(shown, line);
  const records = (await outputOf(context, '--json', 'queue', 'list')).trim().split('\n');
  assert.deepEqual(JSON.parse(records[2] ?? '').clients, [refusing]);
});
