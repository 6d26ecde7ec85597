import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, inTurn, late, type PeerScript, silence } from '@opencpm/testkit';
import { bobsClient, bobUri, clientOf } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage, type Phone } from './phone.ts';
import { adds, asks } from './rules.ts';
import type { World } from './world.ts';

const plain = '';

/** Bob's history: the UIDs of what is in his store. */
async function stored(world: World): Promise<readonly number[]> {
  const list = await asks(world, ({ messageStore }) => messageStore.list('bob', 10));
  return list.map(({ uid }) => uid);
}

/** What a client was told of as the copy of the message, request by request. */
function named(phone: Phone): readonly (string | undefined)[] {
  return phone.received().map(({ headers }) => headers.text('Message-UID'));
}

/** Bob records what he gets; Alice sends him one message. */
async function sends(world: World, text: string, more: Parameters<typeof cpmMessage>[1] = {}): Promise<number> {
  const alice = await world.phone('alice');
  return (await alice.message(bobUri, cpmMessage(text, more))).status;
}

const records = (world: World) => adds(world, 'bob', { actions: ['record'] });

describe('the copy of a message that a client answers after the sender’s 202 (decision 43, B-8.3.1.1-28)', () => {
  inWorld('stays when the client accepts late, under the UID that it was told', {}, async (world) => {
    await records(world);
    const bob = await bobsClient(world, () => late(15_000, answer(200)));
    assert.equal(await sends(world, 'slowly'), 202);
    assert.deepEqual(await stored(world), [1], 'while the client has not decided');
    await world.clock.runFor(60_000);
    assert.deepEqual(named(bob), ['1']);
    assert.deepEqual(await stored(world), [1]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('goes when the client refuses late, and the push makes another (decisions 30, 31)', {}, async (world) => {
    await records(world);
    const bob = await bobsClient(world, inTurn(late(15_000, answer(486)), answer(200)));
    assert.equal(await sends(world, 'later'), 202);
    await world.clock.runFor(10_000);
    assert.deepEqual(await stored(world), []);
    await world.clock.runFor(60_000);
    assert.deepEqual(named(bob), ['1', '2']);
    assert.deepEqual(await stored(world), [2]);
  });

  inWorld('is named to whoever registers meanwhile, and his refusal takes it from nobody', {}, async (world) => {
    await records(world);
    const first = await bobsClient(world, () => late(20_000, answer(200)));
    assert.equal(await sends(world, 'both'), 202);
    const second = await bobsClient(world, () => answer(486));
    await world.clock.runFor(5000);
    assert.deepEqual(await stored(world), [1], 'the second has refused, the first has not decided');
    await world.clock.runFor(60_000);
    assert.deepEqual([named(first), named(second)], [['1'], ['1']]);
    assert.deepEqual(await stored(world), [1]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('stays of an anonymous message too: live and deferred it is one object (decision 34)', {}, async (world) => {
    await records(world);
    const first = await bobsClient(world, () => late(20_000, answer(200)));
    assert.equal(await sends(world, 'masked', { headers: [['Privacy', 'id']] }), 202);
    const second = await bobsClient(world, () => late(3000, answer(200)));
    await world.clock.runFor(60_000);
    assert.deepEqual([named(first), named(second)], [['1'], ['1']]);
    assert.deepEqual(await stored(world), [1]);
  });
});

describe('the copy of a message that is not kept for its client', () => {
  const narrow = { limits: { deferredMessagesPerUser: 1 } };

  inWorld('is the client’s decision also when the full queue has not kept the message', narrow, async (world) => {
    assert.equal(await sends(world, 'fills the queue', { conversationId: 'first' }), 202);
    await records(world);
    const bob = await bobsClient(world, inTurn(answer(404), late(15_000, answer(200)), late(15_000, answer(486))));
    for (const text of ['accepted', 'refused']) {
      assert.equal(await sends(world, text, { conversationId: text }), 480);
      assert.ok((await stored(world)).includes(text === 'accepted' ? 2 : 3), 'while the client has not decided');
      await world.clock.runFor(10_000);
    }
    assert.deepEqual(named(bob), ['1', '2', '3']);
    assert.deepEqual(await stored(world), [2]);
  });

  inWorld(
    'goes with a message that expires while its only client has it and refuses it',
    { policy: { expiryNotices: 'none' } },
    async (world) => {
      await records(world);
      await bobsClient(world, () => late(20_000, answer(486)));
      assert.equal(await sends(world, 'short-lived', { headers: [['Expires', '12']] }), 202);
      await world.clock.runFor(60_000);
      assert.deepEqual(await stored(world), []);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );
});

describe('the copy of a deferred message that is pushed to several clients (B-8.3.1.6.6-11)', () => {
  /** Two of Bob's clients get it at once. */
  async function pushedTo(world: World, one: PeerScript, other: PeerScript): Promise<readonly [Phone, Phone]> {
    assert.equal(await sends(world, 'for both'), 202);
    await records(world);
    return [await bobsClient(world, one), await bobsClient(world, other)];
  }

  inWorld('stays when one accepts after another has refused', {}, async (world) => {
    const [one, other] = await pushedTo(
      world,
      () => late(5000, answer(200)),
      () => answer(404),
    );
    await world.clock.runFor(60_000);
    assert.deepEqual([named(one), named(other)], [['1'], ['1']]);
    assert.deepEqual(await stored(world), [1]);
  });

  inWorld('stays when one refuses after another has accepted', {}, async (world) => {
    const [one, other] = await pushedTo(
      world,
      () => late(1000, answer(200)),
      () => late(5000, answer(404)),
    );
    await world.clock.runFor(60_000);
    assert.deepEqual([named(one), named(other)], [['1'], ['1']]);
    assert.deepEqual(await stored(world), [1]);
  });

  inWorld('goes with the last refusal', {}, async (world) => {
    await pushedTo(
      world,
      () => late(2000, answer(404)),
      () => late(5000, answer(404)),
    );
    await world.clock.runFor(3000);
    assert.deepEqual(await stored(world), [1]);
    await world.clock.runFor(60_000);
    assert.deepEqual(await stored(world), []);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });

  inWorld('stays when one has accepted and the database has not removed the message', { faultsExpected: true }, async (world) => {
    world.mishaps.expect('DELETE FROM deferred_messages', 'fails');
    const [one] = await pushedTo(
      world,
      () => answer(200),
      () => late(1000, answer(404)),
    );
    await world.clock.runFor(60_000);
    assert.equal(named(one)[0], '1');
    assert.deepEqual(await stored(world), [1]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('goes when a plain client refuses the text as well', {}, async (world) => {
    assert.equal(await sends(world, 'as text'), 202);
    await records(world);
    const linphone = await clientOf(world, 'bob', plain, () => answer(415));
    await world.clock.runFor(5000);
    assert.deepEqual(
      linphone.received().map(({ headers }) => headers.text('Content-Type')),
      ['message/cpim', 'text/plain;charset=UTF-8'],
    );
    assert.deepEqual(await stored(world), []);
  });
});

describe('the end of a server while a copy is named (decision 30)', () => {
  inWorld('takes back what its client has not answered, and says of no fault', {}, async (world) => {
    assert.equal(await sends(world, 'unanswered'), 202);
    await records(world);
    const bob = await bobsClient(world, () => silence);
    await world.clock.runFor(500);
    await world.run(world.server.stop());
    bob.peer.script = () => answer(200);
    await world.run(world.server.start());
    await world.clock.runFor(60_000);
    assert.equal(named(bob)[0], '1');
    assert.deepEqual(await stored(world), [2]);
  });

  // The first requests are not waited for: the database is closed when they end, and the log says so.
  inWorld('leaves it for the push when the sender has had his 202 already', { faultsExpected: true }, async (world) => {
    await records(world);
    const bob = await bobsClient(world, () => silence);
    assert.equal(await sends(world, 'unanswered'), 202);
    await world.run(world.server.stop());
    bob.peer.script = () => answer(200);
    await world.run(world.server.start());
    await world.clock.runFor(60_000);
    assert.equal((await stored(world)).length, 1);
    assert.equal(named(bob).at(-1), String((await stored(world))[0]));
  });

  inWorld('by a crash leaves it: what a client has accepted then keeps its UID, whoever refuses the push', {}, async (world) => {
    assert.equal(await sends(world, 'twice'), 202);
    await records(world);
    world.mishaps.expect('DELETE FROM deferred_messages', 'hangs');
    const one = await bobsClient(world);
    await world.clock.runFor(1000);
    world.server.crash();
    world.mishaps.clear();
    one.peer.script = () => late(5000, answer(200));
    await world.run(world.server.start());
    const other = await bobsClient(world, () => answer(404));
    await world.clock.runFor(60_000);
    assert.deepEqual([new Set(named(one)), named(other)], [new Set(['1']), ['1']]);
    assert.deepEqual(await stored(world), [1]);
  });
});
