/** Requests over 1,300 octets to a client that registered over UDP (decision 41, RFC 3261 §18.1.1). */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, type PeerScript, silence } from '@opencpm/testkit';
import { bobsClient, bobUri, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, msgTag, type Phone } from './phone.ts';
import { serverPort, type World } from './world.ts';

const long = 'x'.repeat(1_500);
const instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000b>"';

/** A client without a TCP socket at its Contact. */
async function udpClient(world: World, script?: PeerScript): Promise<Phone> {
  const bob = await bobsClient(world, script);
  world.network.refuseConnections(bob.peer.address);
  return bob;
}

/** Transports over which a phone got MESSAGE, in order; retransmissions included. */
function transports(phone: Phone): readonly string[] {
  return phone.peer.received.flatMap(({ message, flow }) => (message?.kind === 'request' ? [flow.transport] : []));
}

/** Connections that were tried, however often their caller knocked. */
function connects(world: World, to: string): number {
  const knocks = world.network.wireLog.entries.filter((entry) => entry.event === 'connect' && entry.to.host === to);
  return new Set(knocks.map(({ from }) => from.port)).size;
}

async function sendLong(alice: Phone, mark: string, status = 200): Promise<void> {
  const message = cpmMessage(mark);
  const response = await alice.message(bobUri, { ...message, body: `${message.body}${long}` });
  assert.equal(response.status, status, mark);
}

describe('a long message to a client on UDP', () => {
  inWorld('goes over TCP when its Contact takes connections, the next one over the same connection', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await sendLong(alice, 'one');
    await sendLong(alice, 'two');
    await alice.message(bobUri, cpmMessage('short'));
    assert.deepEqual(transports(bob), ['TCP', 'TCP', 'UDP']);
    assert.equal(connects(world, bob.peer.address.host), 1);
    const [first] = bob.received();
    assert.match(first?.headers.text('Via') ?? '', /^SIP\/2\.0\/TCP 10\.0\.0\.1:5060;/);
    assert.equal(first?.uri, `sip:bob@${bob.peer.address.host}:5060`);
  });

  inWorld('goes to the Contact, not to the address that it registered from', {}, async (world) => {
    const behind = await world.peer('bob at home');
    const nat = await bobsClient(world, undefined, `;${msgTag}`);
    const contact = `<sip:bob@${behind.address.host}:5060>;${msgTag}`;
    await nat.deregister();
    await nat.register({ contacts: [contact] });
    const alice = await world.phone('alice');
    await sendLong(alice, 'one');
    assert.equal(connects(world, nat.peer.address.host), 0);
    assert.equal(connects(world, behind.address.host), 1);
    assert.equal(behind.requests('MESSAGE').length, 1);
    await alice.message(bobUri, cpmMessage('short'));
    assert.deepEqual(texts(nat), ['short']);
  });

  inWorld('takes the connection of the same instance when there is one', {}, async (world) => {
    const bob = await bobsClient(world, undefined, `;${msgTag};${instance};reg-id=1`);
    const flow = await world.run(bob.peer.connect(serverPort));
    const second = { contacts: [`${bob.contact};${msgTag};${instance};reg-id=2`], callId: 'second-flow', over: flow };
    assert.equal((await bob.register(second)).status, 200);
    const alice = await world.phone('alice');
    await sendLong(alice, 'one');
    assert.equal(connects(world, bob.peer.address.host), 0);
    assert.deepEqual(new Set(transports(bob)), new Set(['TCP']));
  });
});

describe('a long message to a client that takes no connection', () => {
  inWorld('goes over UDP, and a connection is tried again only when it has registered anew', {}, async (world) => {
    const bob = await udpClient(world);
    const alice = await world.phone('alice');
    const { host } = bob.peer.address;
    await sendLong(alice, 'one');
    assert.deepEqual(transports(bob), ['UDP']);
    assert.equal(connects(world, host), 1);
    await world.clock.runFor(600_000);
    await sendLong(alice, 'two');
    assert.equal(connects(world, host), 1);
    await bob.register();
    await sendLong(alice, 'three');
    assert.equal(connects(world, host), 2);
    world.network.refuseConnections(bob.peer.address, false);
    await sendLong(alice, 'four');
    await bob.register();
    await sendLong(alice, 'five');
    assert.deepEqual(transports(bob), ['UDP', 'UDP', 'UDP', 'UDP', 'TCP']);
  });

  inWorld('waits 2 s for a connection that nobody refuses, once for all messages that wait', {}, async (world) => {
    const alice = await world.phone('alice');
    for (const mark of ['one', 'two', 'three']) await sendLong(alice, mark, 202);
    const bob = await world.phone('bob');
    const registered = await bob.register({ contacts: [`<sip:bob@10.9.9.9:5060>;${msgTag}`] });
    assert.equal(registered.status, 200);
    await world.clock.runFor(1_900);
    assert.deepEqual(transports(bob), []);
    await world.clock.runFor(1_000);
    assert.deepEqual(transports(bob), ['UDP', 'UDP', 'UDP']);
    assert.equal(connects(world, '10.9.9.9'), 1);
    const before = world.clock.now();
    await sendLong(alice, 'four');
    assert.ok(world.clock.now() - before < 500);
  });

  inWorld(
    'above limits.udpRequestBytes is kept when there is only UDP, and comes once there is TCP',
    { limits: { udpRequestBytes: 2_000 } },
    async (world) => {
      const bob = await udpClient(world);
      const alice = await world.phone('alice');
      const message = cpmMessage('very long');
      const response = await alice.message(bobUri, { ...message, body: `${message.body}${'x'.repeat(3_000)}` });
      assert.equal(response.status, 202);
      assert.equal((await waitingRows(world)).deferred, 1);
      assert.deepEqual(transports(bob), []);
      world.network.refuseConnections(bob.peer.address, false);
      await bob.register();
      await world.clock.runFor(1_000);
      assert.deepEqual(transports(bob), ['TCP']);
      assert.equal((await waitingRows(world)).deferred, 0);
    },
  );
});

describe('a connection that leads to somebody else', () => {
  inWorld('and that brings no answer is not taken again: the message comes over UDP later', {}, async (world) => {
    const bob = await bobsClient(world, ({ request }) => (request.headers.text('Via')?.includes('/TCP') ? silence : answer(200)));
    const alice = await world.phone('alice');
    await sendLong(alice, 'one', 202);
    await world.clock.runFor(120_000);
    await sendLong(alice, 'two');
    assert.deepEqual(new Set(transports(bob).slice(1)), new Set(['UDP']));
    assert.ok(bob.received().length >= 2);
  });

  inWorld('and has lost its other end unnoticed is given up: the message comes over a new one', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await sendLong(alice, 'one');
    world.network.forgetConnections(bob.peer.address.host, '10.0.0.1');
    await sendLong(alice, 'two', 202);
    await world.clock.runFor(120_000);
    assert.deepEqual(texts(bob).length, 2);
    assert.deepEqual(transports(bob), ['TCP', 'TCP']);
    assert.equal(connects(world, bob.peer.address.host), 2);
  });

  inWorld('is not tried to this machine because a client elsewhere calls itself localhost', {}, async (world) => {
    const bob = await udpClient(world);
    await bob.deregister();
    await bob.register({ contacts: [`<sip:bob@127.0.0.1:5060>;${msgTag}`] });
    const alice = await world.phone('alice');
    await sendLong(alice, 'one');
    assert.deepEqual(transports(bob), ['UDP']);
    assert.equal(connects(world, '127.0.0.1'), 0);
    assert.equal(only(bob.received()).uri, 'sip:bob@127.0.0.1:5060');
  });
});
