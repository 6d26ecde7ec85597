import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import { serveAdministration } from '../admin/serve-administration.ts';
import type { StoredMessage } from '../message-store-administration.ts';
import { runCommandLine } from './program.ts';

function stored(uid: number, text: string): StoredMessage {
  const times = { storedAt: '2026-01-02T03:04:05.000Z', sizeOctets: text.length };
  return { uid, folder: 'Default/sip:alice@example.net', direction: 'received', imdnMessageId: `m${uid}`, ...times, text };
}

async function run(context: TestContext, ...words: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'opencpm-store-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const bob = { user: 'bob', password: 'b', identities: [] };
  const messages = [stored(1, 'Subject: a\r\n\r\none'), stored(3, 'Subject: b\r\n\r\n\u001b[2Jthree')];
  const administration = new InMemoryAdministration([bob], [], messages);
  const serving = await serveAdministration(administration, join(directory, 'data', 'opencpm.sock'), () => undefined);
  assert(serving.kind === 'serving');
  context.after(() => serving.close());
  const written = { out: '', error: '' };
  const code = await runCommandLine(words, {
    directory,
    environment: {},
    interrupted: new AbortController().signal,
    writeOut: (text) => {
      written.out += text;
    },
    writeError: (text) => {
      written.error += text;
    },
  });
  return { code, ...written };
}

test('store list shows a row for each stored message', async (context) => {
  const { code, out } = await run(context, 'store', 'list', 'bob');
  assert.equal(code, 0);
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)[0]),
    ['UID', '1', '3'],
  );
  const first = await run(context, '--json', 'store', 'list', 'bob', '--limit', '1');
  const { text: _text, ...summary } = stored(1, 'Subject: a\r\n\r\none');
  assert.deepEqual(JSON.parse(first.out), summary);
});

test('store show shows a message whole, and nothing in it moves the cursor', async (context) => {
  assert.match((await run(context, 'store', 'show', 'bob', '3')).out, /^3 .*\n\nSubject: b\n\n\\u\{1b\}\[2Jthree\n$/);
  const { text } = JSON.parse((await run(context, '--json', 'store', 'show', 'bob', '1')).out);
  assert.equal(text, 'Subject: a\r\n\r\none');
});

test('what is not there, or no number, is said', async (context) => {
  assert.equal((await run(context, 'store', 'show', 'bob', '2')).code, 1);
  assert.equal((await run(context, 'store', 'list', 'nobody')).code, 1);
  assert.equal((await run(context, 'store', 'show', 'bob', '0')).code, 2);
  assert.equal((await run(context, 'store', 'list', 'bob', '--limit', 'all')).code, 2);
});
