import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { SipResponse } from '@opencpm/sip';
import { always, answer, late } from '@opencpm/testkit';
import { bobUri, clientOf, texts } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage, msgTag } from './phone.ts';

const users = ['alice', 'bob', 'carol'];
const refusal = ({ status, headers }: SipResponse) => [status, headers.text('Retry-After')];
const full = [480, '30'];

describe('what may wait for one user', () => {
  inWorld(
    'is so many messages: one more is 480 with Retry-After, others’ queues are not his',
    { users, limits: { deferredMessagesPerUser: 2 } },
    async (world) => {
      const alice = await world.phone('alice');
      for (const text of ['one', 'two']) assert.equal((await alice.message(bobUri, cpmMessage(text))).status, 202);
      assert.deepEqual(refusal(await alice.message(bobUri, cpmMessage('three'))), full);
      assert.equal((await alice.message('sip:carol@cpm.test', cpmMessage('three'))).status, 202);
      // What is there already is a duplicate and not one too many.
      assert.equal((await alice.message(bobUri, cpmMessage('two'))).status, 202);
      assert.deepEqual(await waitingRows(world), { deferred: 3, owed: 0 });
    },
  );

  inWorld(
    'is so many octets: what would pass them is refused, what is smaller still fits',
    { limits: { deferredOctetsPerUser: 6000 } },
    async (world) => {
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, cpmMessage('a'.repeat(3000), { messageId: 'a' }))).status, 202);
      assert.deepEqual(refusal(await alice.message(bobUri, cpmMessage('b'.repeat(3000), { messageId: 'b' }))), full);
      assert.equal((await alice.message(bobUri, cpmMessage('small'))).status, 202);
      world.server.crash();
      await world.run(world.server.start());
      assert.deepEqual(refusal(await alice.message(bobUri, cpmMessage('b'.repeat(3000), { messageId: 'b' }))), full);
      const bob = await clientOf(world, 'bob', `;${msgTag}`);
      await world.clock.runFor(1000);
      assert.deepEqual(texts(bob), ['a'.repeat(3000), 'small']);
      await bob.deregister();
      assert.equal((await alice.message(bobUri, cpmMessage('b'.repeat(3000), { messageId: 'b' }))).status, 202);
    },
  );

  inWorld(
    'does not make a client show again what he accepts behind the 480',
    { users, limits: { deferredMessagesPerUser: 1 } },
    async (world) => {
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, cpmMessage('one', { conversationId: 'another' }))).status, 202);
      const bob = await clientOf(world, 'bob', `;${msgTag}`, always(late(12_000, answer(200))));
      assert.deepEqual(refusal(await alice.message(bobUri, cpmMessage('two'))), full);
      assert.equal((await alice.message(bobUri, cpmMessage('two'))).status, 200);
      assert.deepEqual(texts(bob).filter((text) => text === 'two').length, 1);
    },
  );

  inWorld('does not fill by messages that are delivered', { limits: { deferredMessagesPerUser: 1 } }, async (world) => {
    const alice = await world.phone('alice');
    const bob = await clientOf(world, 'bob', `;${msgTag}`);
    for (const text of ['one', 'two', 'three']) assert.equal((await alice.message(bobUri, cpmMessage(text))).status, 200);
    assert.equal(texts(bob).length, 3);
  });
});

describe('a database that cannot keep up', () => {
  inWorld('answers 503 with Retry-After, and takes the message when it is sent again', { faultsExpected: true }, async (world) => {
    const alice = await world.phone('alice');
    world.mishaps.expect('INSERT INTO deferred_messages', 'fails', 2);
    assert.deepEqual(refusal(await alice.message(bobUri, cpmMessage('later'))), [503, '30']);
    assert.equal((await alice.message(bobUri, cpmMessage('later'))).status, 202);
  });
});
