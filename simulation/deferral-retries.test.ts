import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers } from '@opencpm/sip';
import { answer, byMethod, inTurn, late, type PeerScript, silence } from '@opencpm/testkit';
import { bobUri, notifications, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, msgTag, type Phone, textOf } from './phone.ts';
import type { World } from './world.ts';

const instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000b>"';

/** Each in a conversation of its own. */
const alone = (text: string) => cpmMessage(text, { conversationId: text });

async function deferAll(world: World, ...messages: readonly string[]): Promise<Phone> {
  const alice = await world.phone('alice');
  for (const text of messages) assert.equal((await alice.message(bobUri, alone(text))).status, 202);
  return alice;
}

function phoneOf(world: World, script: PeerScript): Promise<Phone> {
  return world.phone('bob', byMethod({ MESSAGE: script }));
}

/** A device that is the same whatever its Contact says. */
const device = (phone: Phone, more = '') => ({ contacts: [`${phone.contact};${msgTag};${instance}${more}`] });

/** Whole seconds between the first requests with that text and those that came after, retransmissions left out. */
function pauses(phone: Phone, text: string): readonly number[] {
  const times = new Map<string, number>();
  for (const { message, atMilliseconds } of phone.peer.received) {
    if (message?.kind !== 'request' || message.method !== 'MESSAGE' || textOf(message) !== text) continue;
    const name = message.headers.text('Call-ID') ?? '';
    times.set(name, times.get(name) ?? atMilliseconds);
  }
  const at = [...times.values()];
  return at.slice(1).map((time, index) => Math.round((time - (at[index] ?? 0)) / 1000));
}

const retryAfter = (seconds: number) => answer(480, { headers: Headers.of(['Retry-After', String(seconds)]) });

describe('a client that refuses a message for now (decision 44)', () => {
  inWorld('gets it again after 30 s, then after twice as long, up to an hour, under new names each time', {}, async (world) => {
    await deferAll(world, 'x');
    const bob = await phoneOf(world, () => answer(486));
    await bob.register({ expiresSeconds: 86_400 });
    await world.clock.runFor(4 * 3_600_000);
    assert.deepEqual(pauses(bob, 'x').slice(0, 9), [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    const names = bob.received().map(({ headers }) => `${headers.text('Call-ID')} ${headers.text('CSeq')}`);
    assert.equal(new Set(names).size, names.length);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(3_600_000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('is asked again when it says, but not later than the longest pause', { policy: { pushRetryMaxSeconds: 600 } }, async (world) => {
    await deferAll(world, 'x');
    const bob = await phoneOf(world, inTurn(retryAfter(7), retryAfter(100), retryAfter(99_999), answer(200)));
    await bob.register();
    await world.clock.runFor(1_000_000);
    assert.deepEqual(pauses(bob, 'x'), [7, 100, 600]);
  });

  inWorld('is not asked more often than it was already because it names a short time again and again', {}, async (world) => {
    await deferAll(world, 'x');
    const bob = await phoneOf(world, () => retryAfter(1));
    await bob.register();
    await world.clock.runFor(300_000);
    assert.deepEqual(pauses(bob, 'x'), [1, 30, 60, 120]);
  });
});

describe('a client that has refused a message for now', () => {
  inWorld('gets at a refresh what it has not refused; a registration of another kind brings all', {}, async (world) => {
    const alice = await deferAll(world, 'refused');
    const bob = await phoneOf(world, ({ request }) => answer(textOf(request) === 'refused' ? 486 : 200));
    await bob.register(device(bob));
    await world.clock.runFor(1000);
    await bob.register(device(bob));
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['refused']);
    await bob.register(device(bob, ';+g.another'));
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['refused', 'refused']);
    assert.equal((await alice.message(bobUri, alone('taken'))).status, 200);
    await bob.deregister();
    await world.clock.runFor(1000);
    await bob.register(device(bob, ';+g.another'));
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['refused', 'refused', 'taken', 'refused']);
  });

  inWorld('is asked again also when it refused before the message was deferred', {}, async (world) => {
    const bob = await phoneOf(world, inTurn(answer(486), answer(200)));
    await bob.register();
    await deferAll(world, 'x');
    await world.clock.runFor(29_000);
    assert.equal(bob.received().length, 1);
    await world.clock.runFor(2000);
    assert.deepEqual(texts(bob), ['x', 'x']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('keeps its pause across a crash of the server', {}, async (world) => {
    await deferAll(world, 'x', 'y');
    const bob = await phoneOf(world, ({ request }) => answer(textOf(request) === 'x' ? 486 : 200));
    await bob.register();
    await world.clock.runFor(95_000);
    assert.deepEqual(pauses(bob, 'x'), [30, 60]);
    world.server.crash();
    await world.run(world.server.start());
    await world.clock.runFor(110_000);
    assert.deepEqual(pauses(bob, 'x'), [30, 60]);
    await world.clock.runFor(10_000);
    assert.deepEqual(pauses(bob, 'x'), [30, 60, 120]);
    assert.equal(texts(bob).filter((text) => text === 'y').length, 1);
  });
});

describe('a client that falls silent', () => {
  const inFlight = { limits: { pushInFlightPerClient: 2 } };

  inWorld('is asked again with one message, without a REGISTER, and gets the rest when it answers', inFlight, async (world) => {
    await deferAll(world, 'one', 'two', 'three');
    const bob = await phoneOf(world, () => silence);
    await bob.register({ expiresSeconds: 86_400 });
    await world.clock.runFor(31_000);
    assert.deepEqual(texts(bob), ['one', 'two']);
    await world.clock.runFor(32_000);
    assert.deepEqual(texts(bob), ['one', 'two', 'one']);
    await world.clock.runFor(31_000);
    assert.deepEqual(texts(bob).length, 3);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(61_000);
    assert.deepEqual(texts(bob).slice(3).toSorted(), ['one', 'three', 'two']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('counts as registered again when it has answered: the next message is relayed', {}, async (world) => {
    const alice = await deferAll(world, 'one');
    const bob = await phoneOf(world, () => silence);
    await bob.register({ expiresSeconds: 86_400 });
    await world.clock.runFor(40_000);
    assert.equal((await alice.message(bobUri, alone('two'))).status, 202);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(120_000);
    assert.deepEqual([...new Set(texts(bob))], ['one', 'two']);
    assert.equal((await alice.message(bobUri, alone('three'))).status, 200);
  });

  inWorld('gets everything at its next REGISTER, also a refresh', inFlight, async (world) => {
    await deferAll(world, 'one', 'two', 'three');
    const bob = await phoneOf(world, () => silence);
    await bob.register();
    await world.clock.runFor(35_000);
    bob.peer.script = () => answer(200);
    await bob.register();
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['one', 'two', 'one', 'two', 'three']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('is left alone for its pause also by a server that has just started', {}, async (world) => {
    await deferAll(world, 'one', 'two');
    const bob = await phoneOf(world, () => silence);
    await bob.register();
    await world.clock.runFor(35_000);
    const before = bob.peer.requests().length;
    world.server.crash();
    await world.run(world.server.start());
    await world.clock.runFor(20_000);
    assert.equal(bob.peer.requests().length, before);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(20_000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

describe('a client that refuses a message for good (decision 44)', () => {
  for (const status of [404, 415, 488, 606]) {
    inWorld(`with ${status} gets it again only when its binding changes; others are not held up`, {}, async (world) => {
      await deferAll(world, 'refused', 'taken');
      const bob = await phoneOf(world, ({ request }) => answer(textOf(request) === 'refused' ? status : 200));
      await bob.register(device(bob));
      await world.clock.runFor(3_000_000);
      await bob.register(device(bob));
      await world.clock.runFor(3_000_000);
      world.server.crash();
      await world.run(world.server.start());
      await bob.register(device(bob));
      await world.clock.runFor(3_000_000);
      assert.deepEqual(texts(bob), ['refused', 'taken']);
      bob.peer.script = () => answer(200);
      await bob.register(device(bob, ';+g.another'));
      await world.clock.runFor(1000);
      assert.deepEqual(texts(bob), ['refused', 'taken', 'refused']);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });
  }
});

describe('a message that was refused for good (decision 44)', () => {
  inWorld('comes again when its client was gone meanwhile', {}, async (world) => {
    await deferAll(world, 'x');
    const bob = await phoneOf(world, inTurn(answer(404), answer(200)));
    await bob.register(device(bob));
    await world.clock.runFor(1000);
    await bob.register({ ...device(bob), expiresSeconds: 0 });
    await bob.register(device(bob));
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['x', 'x']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('was refused by that client alone, also before it was deferred', {}, async (world) => {
    const one = await phoneOf(world, () => answer(415));
    await one.register();
    await deferAll(world, 'x');
    await world.clock.runFor(100_000);
    assert.deepEqual(texts(one), ['x']);
    const other = await phoneOf(world, () => answer(200));
    await other.register();
    await world.clock.runFor(1000);
    assert.deepEqual([texts(one), texts(other)], [['x'], ['x']]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('waits until it expires; the operator sees why', { policy: { maxExpirySeconds: 3600 } }, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', { messageId: 'm1', notifications: ['negative-delivery'] }));
    const never = await phoneOf(world, () => answer(415));
    const busy = await phoneOf(world, () => answer(486));
    const gone = await phoneOf(world, () => silence);
    for (const phone of [never, busy, gone]) await phone.register({ expiresSeconds: 3600 });
    await world.clock.runFor(40_000);
    const queue = await world.run(world.server.server.administration.queue({ limit: 10 }));
    assert.ok(queue.kind === 'done');
    const { attempts, clients } = only(queue.value);
    assert.equal(attempts, 4);
    const shown = clients.map(({ client, status, nextTryAt, ...rest }) => [client, rest.attempts, status, nextTryAt !== undefined]);
    const nameOf = (phone: Phone) => phone.contact.slice(1, -1);
    assert.deepEqual(
      shown.toSorted(),
      [
        [nameOf(never), 1, 415, false],
        [nameOf(busy), 2, 486, true],
        [nameOf(gone), 1, undefined, true],
      ].toSorted(),
    );
    await world.clock.runFor(3_700_000);
    assert.deepEqual(notifications(alice), ['m1 failed']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

describe('several clients of a user', () => {
  inWorld('the first 2xx takes the message out; what the others answer later changes nothing', {}, async (world) => {
    await deferAll(world, 'x');
    const quick = await phoneOf(world, () => late(1000, answer(200)));
    const slow = await phoneOf(world, () => late(3000, answer(200)));
    const silent = await phoneOf(world, () => silence);
    for (const phone of [slow, quick, silent]) await phone.register({ expiresSeconds: 86_400 });
    await world.clock.runFor(2000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    await world.clock.runFor(7_200_000);
    for (const phone of [quick, slow, silent]) assert.deepEqual(texts(phone), ['x']);
  });

  inWorld('one that refuses everything does not slow the others down', {}, async (world) => {
    const all = Array.from({ length: 30 }, (_, index) => `message ${index}`);
    await deferAll(world, ...all);
    const refusing = await phoneOf(world, () => answer(503));
    await refusing.register();
    await world.clock.runFor(1000);
    assert.equal(texts(refusing).length, 30);
    const taking = await phoneOf(world, () => answer(200));
    await taking.register();
    await world.clock.runFor(1000);
    assert.deepEqual(texts(taking), all);
    await world.clock.runFor(60_000);
    assert.equal(texts(refusing).length, 30);
  });
});

describe('the end of a server', () => {
  inWorld('waits for the answer to a push that is under way, and sends nothing more', {}, async (world) => {
    const alice = await world.phone('alice');
    for (const text of ['one', 'two']) await alice.message(bobUri, cpmMessage(text));
    const bob = await phoneOf(world, () => late(1000, answer(200)));
    await bob.register();
    await world.clock.runFor(500);
    await world.run(world.server.stop());
    assert.deepEqual(texts(bob), ['one']);
    await world.run(world.server.start());
    await world.clock.runFor(5000);
    assert.deepEqual(texts(bob), ['one', 'two']);
    assert.equal(bob.received().length, 2);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('does not wait for a client that says nothing', {}, async (world) => {
    await deferAll(world, 'one');
    const bob = await phoneOf(world, () => silence);
    await bob.register();
    await world.clock.runFor(500);
    const before = world.clock.now();
    await world.run(world.server.stop());
    assert.ok(world.clock.now() - before < 10_000);
  });
});
