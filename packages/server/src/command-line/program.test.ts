import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import type { QueuedMessage } from '../administration.ts';
import { folderOf } from './folder.fixture.ts';
import { folderServedBy, run } from './in-process.fixture.ts';

const waiting: QueuedMessage = {
  messageUriId: 'm1',
  user: 'bob',
  from: 'sip:alice@example.net',
  arrivedAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-09T03:04:05.000Z',
  sizeOctets: 9,
  mode: 'pager',
  attempts: 0,
  clients: [],
  contentType: 'text/plain',
  text: 'hi\u001b[2J\u202e',
};

/** A folder in which a server seems to run that knows Bob and a message for him. */
function servedFolder(context: TestContext): Promise<string> {
  return folderServedBy(context, new InMemoryAdministration([{ user: 'bob', password: 'b', identities: [] }], [waiting]));
}

test('a wrong command line ends with 2 and points at the help', async (context) => {
  const folder = folderOf(context);
  for (const words of [
    ['nothing'],
    ['send', 'bob', 'hi'],
    ['send', '--as', 'a', 'bob'],
    ['user', 'add'],
    ['status', 'extra'],
    ['status', '--jsn'],
  ]) {
    const result = await run(folder, ...words);
    assert.deepEqual([result.code, result.out], [2, ''], words.join(' '));
    assert.match(
      result.error,
      /^error: [^\n]+\n(?:\(Did you mean [^\n]+\n)?\(opencpm COMMAND --help explains the command\)\n$/,
      words.join(' '),
    );
  }
});

test('numbers and durations among the options are checked', async (context) => {
  const folder = folderOf(context);
  for (const words of [
    ['listen', '--as', 'bob', '--count', '0'],
    ['listen', '--as', 'bob', '--for', 'soon'],
    ['send', '--as', 'a', 'b', 'c', '--expires', '-1h'],
    ['queue', 'list', '--limit', '100001'],
  ]) {
    assert.equal((await run(folder, ...words)).code, 2, words.join(' '));
  }
});

test('help and version end with 0; the help of every command is there, with the exit codes at the top', async (context) => {
  const folder = folderOf(context);
  assert.match((await run(folder, '--version')).out, /^\d+\.\d+\.\d+\n$/);
  const help = await run(folder, '--help');
  assert.equal(help.code, 0);
  assert.match(help.out, /Exit codes:\n {2}0 {2}done\n {2}1 {2}refused/);
  for (const command of [
    'start',
    'serve',
    'config check',
    'send',
    'listen',
    'user add',
    'user list',
    'user remove',
    'queue list',
    'queue show',
    'status',
  ]) {
    const { code, out } = await run(folder, ...command.split(' '), '--help');
    assert.equal(code, 0, command);
    assert.match(out, new RegExp(`^Usage: opencpm ${command} `), command);
  }
});

test('a configuration is checked: 0 for a good one, 2 and all problems for a bad one', async (context) => {
  const folder = folderOf(context);
  const file = join(folder, 'opencpm.yaml');
  writeFileSync(file, 'domain: example.net\n');
  assert.deepEqual(await run(folder, 'config', 'check'), { code: 0, out: 'opencpm.yaml: no problem found\n', error: '' });
  assert.deepEqual(JSON.parse((await run(folder, '--json', 'config', 'check')).out), {
    event: 'checked',
    file: 'opencpm.yaml',
    problems: [],
  });
  writeFileSync(file, 'domain: []\nlsten: []\n');
  const bad = await run(folder, 'config', 'check');
  const lines = [
    'opencpm.yaml:1:1: domain: must be a domain name such as example.net, not an empty list',
    'opencpm.yaml:2:1: lsten: is not a known key (did you mean listen?)',
  ];
  assert.deepEqual(bad, { code: 2, out: '', error: `${lines.join('\n')}\n` });
});

test('with --json each problem of the configuration is an object', async (context) => {
  const folder = folderOf(context);
  writeFileSync(join(folder, 'other.yaml'), 'domain: example.net\nlsten: []\n');
  const { code, out } = await run(folder, 'config', 'check', '--json', '--config', 'other.yaml');
  assert.equal(code, 2);
  assert.deepEqual(JSON.parse(out), {
    event: 'checked',
    file: 'other.yaml',
    problems: [{ file: 'other.yaml', position: { line: 2, column: 1 }, key: 'lsten', text: 'is not a known key (did you mean listen?)' }],
  });
});

test('serve without a configuration file says what to do', async (context) => {
  const { code, error } = await run(folderOf(context), 'serve');
  assert.equal(code, 2);
  assert.equal(error, 'opencpm.yaml: there is no such file (name it with --config FILE, or start from docs/example.yaml)\n');
});

test('users are added with a password that is shown once, listed and removed', async (context) => {
  const folder = await servedFolder(context);
  const added = await run(folder, 'user', 'add', 'dave', '--identity', 'sip:dave@example.net', 'tel:+15550004');
  assert.equal(added.code, 0);
  assert.match(added.out, /^Added dave \(sip:dave@example\.net, tel:\+15550004\), password [a-zA-Z2-9]{12}\.\n$/);
  const given = JSON.parse((await run(folder, '--json', 'user', 'add', 'erin', '--password', 'given')).out);
  assert.deepEqual([given.user, given.password], ['erin', undefined]);
  assert.deepEqual(await run(folder, 'user', 'add', 'dave'), { code: 1, out: '', error: 'There is a user dave already.\n' });
  assert.equal((await run(folder, 'user', 'add', 'frank', '--identity', 'frank')).code, 2);
  const listed = (await run(folder, 'user', 'list', '--json')).out.trim().split('\n');
  assert.deepEqual(
    listed.map((line) => JSON.parse(line).user),
    ['bob', 'dave', 'erin'],
  );
  assert.match(
    (await run(folder, 'user', 'list')).out,
    /^USER +FROM +WAITING +CLIENTS +IDENTITIES\nbob +database +0 +0 +sip:bob@example\.net\n/,
  );
  assert.deepEqual(await run(folder, 'user', 'remove', 'dave'), { code: 0, out: 'Removed dave.\n', error: '' });
  assert.deepEqual(await run(folder, 'user', 'remove', 'dave'), { code: 1, out: '', error: 'There is no user dave.\n' });
});

test('waiting messages are listed, shown without control characters, and dropped', async (context) => {
  const folder = await servedFolder(context);
  assert.match((await run(folder, 'queue', 'list')).out, /\nm1 {2}bob {2}sip:alice@example\.net {2}2026-01-02T03:04:05\.000Z /);
  assert.equal((await run(folder, 'queue', 'list', '--user', 'alice')).out, 'No message waits.\n');
  assert.equal((await run(folder, '--json', 'queue', 'list', '--user', 'alice')).out, '');
  assert.match((await run(folder, 'queue', 'show', 'm1')).out, /\n\nhi\\u\{1b\}\[2J\\u\{202e\}\n$/);
  assert.equal(JSON.parse((await run(folder, 'queue', 'show', 'm1', '--json')).out).text, waiting.text);
  assert.deepEqual(await run(folder, 'queue', 'drop', 'm1'), { code: 0, out: 'Dropped m1, which waited for bob.\n', error: '' });
  assert.deepEqual(await run(folder, 'queue', 'show', 'm1'), { code: 1, out: '', error: 'There is no message m1.\n' });
});

test('the status names what is not there', async (context) => {
  const folder = await servedFolder(context);
  const { out } = await run(folder, 'status');
  assert.match(out, /^OpenCPM 0\.1\.0 serves example\.net since 2026-01-02T03:04:05\.000Z\n {2}users +1, with 0 registered clients\n/);
  assert.match(out, /\n {2}not there +Recording: nothing is recorded\n$/);
  const status = JSON.parse((await run(folder, '--json', 'status')).out);
  assert.deepEqual([status.serverRuns, status.deferredMessages], [true, 1]);
});

test('without server and database there is nothing to ask, and nothing is made', async (context) => {
  const { code, out, error } = await run(folderOf(context), 'queue', 'list');
  assert.deepEqual([code, out], [3, '']);
  assert.match(
    error,
    /^No server runs here, and there is no database .*\(start one: npx opencpm start, or name its file with --config\)\.\n$/,
  );
});

test('who sends must be known, and where to', async (context) => {
  const folder = await servedFolder(context);
  const absent = await run(folderOf(context), 'send', '--as', 'alice', 'bob', 'hi');
  assert.equal(absent.code, 3);
  assert.match(absent.error, /^No server answers on .*opencpm\.sock \(start one: /);
  assert.deepEqual(await run(folder, 'send', '--as', 'nobody', 'bob', 'hi'), { code: 1, out: '', error: 'There is no user nobody.\n' });
  assert.equal((await run(folder, 'send', '--as', 'bob', 'tel:555', 'hi')).code, 2);
  assert.equal((await run(folder, 'send', '--as', 'bob', 'alice', 'hi', '--reply-to', 'alice')).code, 2);
  assert.equal((await run(folder, 'send', '--as', 'bob', 'alice', 'hi', '--server', 'udp://127.0.0.1:5060')).code, 2);
  assert.equal((await run(folder, 'send', '--as', 'bob', 'alice', 'hi', '--server', 'http://h', '--password', 'p')).code, 2);
});
