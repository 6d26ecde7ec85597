import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { eventsOf } from '../surroundings/server-process.ts';
import { addressOf } from '../surroundings/sip-text.ts';
import { bob, users } from './accounts.ts';

export const commandLineCases: readonly InteropCase[] = [
  { name: 'command line: bob shows what alice sends, and she sees it delivered and displayed', needs: [], run: exchange },
  { name: 'command line: a message that waits survives kill -9 of the server and arrives once', needs: [], run: crash },
];

async function exchange({ startServer, after }: CaseSurroundings): Promise<void> {
  const server = await startServer({ users });
  const listener = await server.listenAs('bob', '--count', '1');
  after(() => listener.stop());
  const sent = await server.command(['send', '--as', 'alice', 'bob', 'hello']);
  assert.equal(sent.code, 0, `${sent.output}${sent.errors}`);
  const { output } = await listener.ended;
  assert.deepEqual(
    eventsOf(output, 'message').map(({ from, text }) => [from, text]),
    [[addressOf('alice'), 'hello']],
  );
  const notifications = eventsOf(sent.output, 'notification').map(({ from, status }) => [from, status]);
  assert.deepEqual(notifications, [
    [addressOf('bob'), 'delivered'],
    [addressOf('bob'), 'displayed'],
  ]);
}

async function crash({ startServer, after }: CaseSurroundings): Promise<void> {
  const server = await startServer({ users });
  const sent = await server.command(['send', '--as', 'alice', 'bob', 'for later']);
  assert.equal(sent.code, 0, `${sent.output}${sent.errors}`);
  assert.deepEqual(
    eventsOf(sent.output, 'accepted').map(({ status }) => status),
    [202],
  );
  await server.crash();
  await server.start();
  const listener = await server.listenAs('bob', '--count', '1');
  after(() => listener.stop());
  const { output } = await listener.ended;
  assert.deepEqual(
    eventsOf(output, 'message').map(({ text, deferred }) => [text, deferred]),
    [['for later', true]],
  );
  const waiting = await server.command(['queue', 'list', '--user', bob.user]);
  assert.deepEqual([waiting.code, waiting.output], [0, ''], 'the message has left the queue');
  const again = await server.listenAs('bob', '--for', '1');
  assert.deepEqual(eventsOf((await again.ended).output, 'message'), [], 'it does not come a second time');
}
