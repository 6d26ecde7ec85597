import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Flow } from '@opencpm/sip';
import { answer, type ScriptedPeer, silence } from '@opencpm/testkit';
import { aliceUri, bobUri } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { msgTag, type Phone, textOf } from './phone.ts';
import { serverPort, type World } from './world.ts';

/** The first two hosts that come into a world. */
const trustedPeers = ['10.0.0.2', '10.0.0.3'];
const phoneContact = `<sip:bob@192.168.1.7:5060>;${msgTag}`;

/** Bob's phone stands for his edge proxy: what it sends has come from a client behind it. */
async function edgeOf(world: World): Promise<Phone> {
  return world.phone('bob');
}

function pathTo(peer: Pick<ScriptedPeer, 'address'>, parameters = ''): readonly [string, string] {
  return ['Path', `<sip:f10w-t0k3n@${peer.address.host}:${peer.address.port}${parameters};lr>`];
}

async function registerBehind(edge: Phone, path: readonly [string, string], over?: Flow): Promise<void> {
  const response = await edge.register({ contacts: [phoneContact], headers: [path, ['Supported', 'path']], ...(over && { over }) });
  assert.deepEqual([response.status, response.headers.texts('Path')], [200, [path[1]]]);
}

function messages(peer: ScriptedPeer): readonly string[] {
  return peer.requests('MESSAGE').map(textOf);
}

describe('clients behind a trusted edge proxy (RFC 3327)', () => {
  inWorld('are sent to by the topmost hop of their Path, wherever the REGISTER came from', { trustedPeers }, async (world) => {
    const edge = await edgeOf(world);
    const inside = await world.peer('another address of the edge');
    const alice = await world.phone('alice');
    await registerBehind(edge, pathTo(inside));
    assert.equal((await alice.message(bobUri, { body: 'by the path' })).status, 200);
    assert.equal(edge.received().length, 0);
    const request = only(inside.requests('MESSAGE'));
    assert.equal(request.uri, 'sip:bob@192.168.1.7:5060');
    assert.deepEqual(request.headers.texts('Route'), [pathTo(inside)[1]]);
  });

  inWorld(
    'on TCP are reached when the connection that they registered by is gone, also by another server',
    { trustedPeers },
    async (world) => {
      const edge = await edgeOf(world);
      const alice = await world.phone('alice');
      const connection = await world.run(edge.peer.connect(serverPort));
      await registerBehind(edge, pathTo(edge.peer, ';transport=tcp'), connection);
      connection.close();
      await world.clock.runFor(100);
      assert.equal((await alice.message(bobUri, { body: 'a new connection' })).status, 200);
      world.server.crash();
      await world.run(world.server.start());
      assert.equal((await alice.message(bobUri, { body: 'a new server' })).status, 200);
      assert.deepEqual(messages(edge.peer), ['a new connection', 'a new server']);
      const arrivals = edge.peer.received.filter(({ message }) => message?.kind === 'request');
      assert.ok(arrivals.every(({ flow }) => flow.transport === 'TCP'));
    },
  );

  inWorld('count as registered while the edge takes no connections', { trustedPeers }, async (world) => {
    const edge = await edgeOf(world);
    const alice = await world.phone('alice');
    const connection = await world.run(edge.peer.connect(serverPort));
    await registerBehind(edge, pathTo(edge.peer, ';transport=tcp'), connection);
    connection.close();
    world.network.refuseConnections(edge.peer.address);
    assert.equal((await alice.message(bobUri, { body: 'for later' })).status, 202);
    const shown = await world.run(world.server.server.administration.users());
    assert.ok(shown.kind === 'done');
    assert.deepEqual(
      shown.value.flatMap(({ bindings }) => bindings.map(({ unreachable }) => unreachable)),
      [false],
    );
    world.network.refuseConnections(edge.peer.address, false);
    await world.clock.runFor(700_000);
    assert.equal((await alice.message(bobUri, { body: 'directly' })).status, 200);
  });
});

describe('silent clients behind an edge proxy', () => {
  inWorld('count again when they are heard by way of the edge', { trustedPeers }, async (world) => {
    const edge = await edgeOf(world);
    const alice = await world.phone('alice');
    await registerBehind(edge, pathTo(edge.peer));
    edge.peer.script = () => silence;
    assert.equal((await alice.message(bobUri, { body: 'first' })).status, 202);
    await world.clock.runFor(40_000);
    edge.peer.script = () => answer(200);
    assert.equal((await edge.message(aliceUri, { body: 'I am back' })).status, 202);
    await world.clock.runFor(1000);
    assert.equal(messages(edge.peer).at(-1), 'first');
    assert.equal((await waitingRows(world)).deferred, 1);
  });

  inWorld('are told apart by the Via that each has written', { trustedPeers }, async (world) => {
    const edge = await edgeOf(world);
    const alice = await world.phone('alice');
    const contacts = [`<sip:bob@192.168.1.7:5060>;${msgTag}`, `<sip:bob@192.168.1.8:5060>;${msgTag}`];
    await edge.register({ contacts, headers: [pathTo(edge.peer)] });
    edge.peer.script = ({ request }) => (request.uri.includes('1.7') ? silence : answer(200));
    assert.equal((await alice.message(bobUri, { body: 'to both' })).status, 200);
    await world.clock.runFor(40_000);
    const unreachable = async () => {
      const shown = await world.run(world.server.server.administration.users());
      assert.ok(shown.kind === 'done');
      return shown.value.flatMap(({ bindings }) =>
        bindings.filter((binding) => binding.unreachable).map(({ contact }) => contact.slice(0, 21)),
      );
    };
    assert.deepEqual(await unreachable(), ['<sip:bob@192.168.1.7:']);
    const through = (host: string) => [['Via', `SIP/2.0/UDP ${host}:5060;branch=z9hG4bK${host}`]] as const;
    await edge.message(aliceUri, { body: 'from the other one', headers: through('192.168.1.8') });
    assert.deepEqual(await unreachable(), ['<sip:bob@192.168.1.7:']);
    await edge.message(aliceUri, { body: 'from the silent one', headers: through('192.168.1.7') });
    assert.deepEqual(await unreachable(), []);
  });
});

describe('a Path that nobody vouches for (RFC 3327 §6)', () => {
  inWorld('to the host that has sent it is followed', {}, async (world) => {
    const edge = await edgeOf(world);
    const alice = await world.phone('alice');
    await registerBehind(edge, pathTo(edge.peer, ';transport=tcp'));
    assert.equal((await alice.message(bobUri, { body: 'over TCP' })).status, 200);
    assert.equal(edge.peer.received.find(({ message }) => message?.kind === 'request')?.flow.transport, 'TCP');
  });

  inWorld('to anybody else is sent along, over the flow that the REGISTER came on', {}, async (world) => {
    const bob = await world.phone('bob');
    const victim = await world.peer('victim');
    const alice = await world.phone('alice');
    await registerBehind(bob, pathTo(victim));
    assert.equal((await alice.message(bobUri, { body: 'not to the victim' })).status, 200);
    assert.deepEqual(only(bob.received()).headers.texts('Route'), [pathTo(victim)[1]]);
    assert.equal(victim.requests().length, 0);
  });

  inWorld('is kept for a client that knows of no paths, and not shown to him', {}, async (world) => {
    const edge = await edgeOf(world);
    const alice = await world.phone('alice');
    const response = await edge.register({ contacts: [phoneContact], headers: [pathTo(edge.peer)] });
    assert.deepEqual([response.status, response.headers.texts('Path')], [200, []]);
    assert.equal((await alice.message(bobUri, { body: 'by the path' })).status, 200);
    assert.equal(only(edge.received()).headers.texts('Route').length, 1);
  });

  inWorld('that is malformed or endless is 400', {}, async (world) => {
    const edge = await edgeOf(world);
    const statusFor = async (...paths: readonly string[]) =>
      (await edge.register({ headers: paths.map((path) => ['Path', path] as const) })).status;
    assert.equal(await statusFor('sip:edge.test;lr'), 400);
    assert.equal(await statusFor(...Array.from({ length: 17 }, (_, index) => `<sip:edge${index}.test;lr>`)), 400);
    assert.equal(await statusFor(`<sip:${'x'.repeat(5000)}@edge.test;lr>`), 400);
  });
});
