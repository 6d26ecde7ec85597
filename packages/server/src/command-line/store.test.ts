import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import type { StoredMessage } from '../message-store-administration.ts';
import { folderServedBy, run } from './in-process.fixture.ts';

function stored(uid: number, text: string): StoredMessage {
  const times = { storedAt: '2026-01-02T03:04:05.000Z', sizeOctets: text.length };
  return { uid, folder: 'Default/sip:alice@example.net', direction: 'received', imdnMessageId: `m${uid}`, ...times, text };
}

/** Runs a command where a server has a user bob with two stored messages. */
async function runHere(context: TestContext, ...words: readonly string[]) {
  const bob = { user: 'bob', password: 'b', identities: [] };
  const messages = [stored(1, 'Subject: a\r\n\r\none'), stored(3, 'Subject: b\r\n\r\n\u001b[2Jthree')];
  return run(await folderServedBy(context, new InMemoryAdministration([bob], [], messages)), ...words);
}

test('store list shows a row for each stored message', async (context) => {
  const { code, out } = await runHere(context, 'store', 'list', 'bob');
  assert.equal(code, 0);
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)[0]),
    ['UID', '1', '3'],
  );
  const first = await runHere(context, '--json', 'store', 'list', 'bob', '--limit', '1');
  const { text: _text, ...summary } = stored(1, 'Subject: a\r\n\r\none');
  assert.deepEqual(JSON.parse(first.out), summary);
});

test('store show shows a message whole, and nothing in it moves the cursor', async (context) => {
  assert.match((await runHere(context, 'store', 'show', 'bob', '3')).out, /^3 .*\n\nSubject: b\n\n\\u\{1b\}\[2Jthree\n$/);
  const { text } = JSON.parse((await runHere(context, '--json', 'store', 'show', 'bob', '1')).out);
  assert.equal(text, 'Subject: a\r\n\r\none');
});

test('what is not there, or no number, is said', async (context) => {
  assert.equal((await runHere(context, 'store', 'show', 'bob', '2')).code, 1);
  assert.equal((await runHere(context, 'store', 'list', 'nobody')).code, 1);
  assert.equal((await runHere(context, 'store', 'show', 'bob', '0')).code, 2);
  assert.equal((await runHere(context, 'store', 'list', 'bob', '--limit', 'all')).code, 2);
});
