import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { folderOf } from './folder.fixture.ts';
import { run, started } from './launched.fixture.ts';

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('what the demo prints works as printed: bob sees the text, alice that it was delivered and displayed', async (context) => {
  const folder = folderOf(context);
  await started(context, folder, ['start']);
  const bob = await started(context, folder, ['listen', '--as', 'bob', '--count', '1']);
  assert.deepEqual(bob.first, { event: 'registered', identity: 'sip:bob@opencpm.local' });
  const alice = run(folder, ['--json', 'send', '--as', 'alice', 'bob', 'hällo']);
  assert.deepEqual([alice.status, alice.stderr], [0, '']);
  const [accepted, ...notifications] = linesOf(alice.stdout);
  assert.deepEqual([accepted.event, accepted.to, accepted.status, accepted.deferred], ['accepted', 'sip:bob@opencpm.local', 200, false]);
  const seen = notifications.map(({ event, messageId, from, status }) => ({ event, messageId, from, status }));
  const notification = { event: 'notification', messageId: accepted.messageId, from: 'sip:bob@opencpm.local' };
  assert.deepEqual(seen, [
    { ...notification, status: 'delivered' },
    { ...notification, status: 'displayed' },
  ]);
  const message = await bob.next();
  assert.deepEqual([message.event, message.from, message.text], ['message', 'sip:alice@opencpm.local', 'hällo']);
  assert.equal(message.messageId, accepted.messageId);
  assert.equal(await bob.next(), undefined);
  assert.deepEqual(await once(bob.child, 'close'), [0, null]);
  const users = linesOf(run(folder, ['--json', 'user', 'list']).stdout);
  assert.deepEqual(
    users.map((user) => user.bindings.length),
    [0, 0, 0],
    'both have de-registered',
  );
});

test('a message to somebody away outlives the server and arrives once', async (context) => {
  const folder = folderOf(context);
  const server = await started(context, folder, ['start']);
  const alice = run(folder, ['--json', 'send', '--as', 'alice', 'bob', 'later']);
  assert.equal(alice.status, 0);
  const [accepted, ...more] = linesOf(alice.stdout);
  assert.deepEqual([accepted.status, accepted.deferred, more], [202, true, []]);
  server.child.kill('SIGKILL');
  await once(server.child, 'close');
  await started(context, folder, ['start']);
  assert.match(run(folder, ['queue', 'list']).stdout, / {2}bob {2}sip:alice@opencpm\.local /);
  const bob = await started(context, folder, ['listen', '--as', 'bob', '--count', '1']);
  const message = await bob.next();
  assert.deepEqual([message.text, message.messageId, message.deferred], ['later', accepted.messageId, true]);
  assert.equal(await bob.next(), undefined);
  await once(bob.child, 'close');
  assert.equal(run(folder, ['queue', 'list', '--user', 'bob']).stdout, 'No message waits.\n');
  // The notifications waited for alice in their turn.
  const later = await started(context, folder, ['listen', '--as', 'alice']);
  const told = [await later.next(), await later.next()].map(({ event, messageId, status }) => [event, messageId, status].join(' '));
  assert.deepEqual(told.sort(), [`notification ${accepted.messageId} delivered`, `notification ${accepted.messageId} displayed`]);
  later.child.kill('SIGINT');
  assert.deepEqual(await once(later.child, 'close'), [0, null]);
});

test('who is refused is told why, and the exit code says so', async (context) => {
  const folder = folderOf(context);
  await started(context, folder, ['start']);
  const wrong = run(folder, ['send', '--as', 'alice', 'bob', 'hi', '--password', 'wrong']);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /^sip:alice@opencpm\.local may not register: 40[13] .* \(is the password right\?\)\n$/);
  const nobody = run(folder, ['send', '--as', 'alice', 'nobody', 'hi']);
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /^Not sent: 404 /);
  const long = run(folder, ['send', '--as', 'alice', 'bob', 'x'.repeat(1400)]);
  assert.equal(long.status, 1);
  assert.match(long.stderr, /^Not sent: the message takes \d+ octets, and a pager-mode message at most 1300\.\n$/);
});
