/** What the proxy lets through, and to where: RFC 3261 §16.3 to §16.5. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Endpoint, Headers, processRouteInformation, StatefulProxy } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { answer, virtualHashes } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import { answers, Call, phoneOf } from './proxy-calls.ts';
import { serverPort, type World } from './world.ts';

async function finalOf(world: World, user: string, uri: string, options: ConstructorParameters<typeof Call>[3] = {}) {
  const call = await new Call(world, await world.phone(user), uri, options).begin();
  return { call, final: await call.final() };
}

const statusOf = async (...rest: Parameters<typeof finalOf>) => (await finalOf(...rest)).final.status;

describe('who may call, and whom', () => {
  inWorld('strangers are asked for credentials, as often as they come without', {}, async (world) => {
    const bob = await phoneOf(world, 'bob', answers(200));
    const mallory = new Call(world, await world.phone('mallory'), bobUri);
    mallory.send();
    assert.equal((await mallory.final()).status, 407);
    assert.deepEqual(bob.peer.requests(), []);
  });

  inWorld(
    'a user with nobody at home is 480, an unknown one 404, a domain without a route 404, a foreign scheme 416',
    {},
    async (world) => {
      assert.equal(await statusOf(world, 'alice', bobUri), 480);
      assert.equal(await statusOf(world, 'alice', 'sip:nobody@cpm.test'), 404);
      assert.equal(await statusOf(world, 'alice', 'sip:somebody@elsewhere.test'), 404);
      assert.equal(await statusOf(world, 'alice', 'mailto:bob@cpm.test'), 416);
    },
  );

  inWorld('a request without hops is 483, one that needs more of a proxy than we know 420', {}, async (world) => {
    await phoneOf(world, 'bob', answers(200));
    assert.equal(await statusOf(world, 'alice', bobUri, { maxForwards: 0 }), 483);
    const { final } = await finalOf(world, 'alice', bobUri, { headers: [['Proxy-Require', 'privacy, teleport']] });
    assert.deepEqual([final.status, final.headers.texts('Unsupported')], [420, ['privacy', 'teleport']]);
    assert.equal(await statusOf(world, 'alice', bobUri, { headers: [['Require', 'teleport']] }), 200, 'that is for the phone to say');
  });

  inWorld('a Route of a new request is not followed, so that nobody is sent to by us who is no user and no next hop', {}, async (world) => {
    const bob = await phoneOf(world, 'bob', answers(200));
    const victim = await world.peer('victim');
    const route = [`<sip:${serverPort.host};lr>`, `<sip:${victim.address.host};lr>`].join(', ');
    assert.equal(await statusOf(world, 'alice', bobUri, { headers: [['Route', route]] }), 200);
    assert.deepEqual([victim.requests().length, bob.peer.requests('INVITE').length], [0, 1]);
    assert.equal(bob.peer.requests('INVITE')[0]?.headers.has('Route'), false);
  });

  inWorld(
    'an identity that the caller wants withheld stays here (RFC 3325 §5), one that the called side invents too',
    {},
    async (world) => {
      const bob = await phoneOf(world, 'bob', () => () => answer(486, { headers: invented }));
      const { final } = await finalOf(world, 'alice', bobUri, { headers: [['Privacy', 'id']] });
      assert.equal(bob.peer.requests('INVITE')[0]?.headers.has('P-Asserted-Identity'), false);
      assert.deepEqual([final.status, final.headers.has('P-Asserted-Identity')], [486, false]);
    },
  );
});

const routes = { 'other.test': 'sip:10.0.0.2' };

describe('the way to another domain', () => {
  inWorld('is its next hop, whose 503 is ours to hide', { routes }, async (world) => {
    const other = await world.peer('other', () => answer(503, { headers: retryLater }));
    const { final } = await finalOf(world, 'alice', 'sip:carol@other.test');
    assert.deepEqual([final.status, final.headers.has('Retry-After')], [500, false]);
    const invite = only(other.requests('INVITE'));
    assert.deepEqual([invite.uri, invite.headers.texts('Route')], ['sip:carol@other.test', ['<sip:10.0.0.2;lr>']]);
  });

  const itself = { routes: { 'other.test': 'sip:10.0.0.1' }, trustedPeers: ['10.0.0.1'] };
  inWorld('that leads back to us is a loop: 482', itself, async (world) => {
    const { call, final } = await finalOf(world, 'alice', 'sip:carol@other.test');
    assert.equal(final.status, 482);
    await world.clock.runFor(60_000);
    assert.equal(call.statuses.filter((status) => status === 482).length, 1);
  });

  const trusting = { routes, trustedPeers: ['10.0.0.2'] };
  inWorld('that comes back to us with another address is a spiral and goes on; with the same one a loop', trusting, async (world) => {
    await proxyBack(world);
    const bob = await phoneOf(world, 'bob', answers(200));
    assert.equal(await statusOf(world, 'alice', 'sip:to-bob@other.test'), 200);
    const invite = only(bob.peer.requests('INVITE'));
    assert.deepEqual([invite.headers.texts('Via').length, invite.headers.text('Max-Forwards')], [4, '67']);
    assert.equal(await statusOf(world, 'alice', 'sip:carol@other.test'), 482);
  });
});

/** The next hop of other.test: a proxy that sends everything back to the server, `to-bob@` as a call to Bob. */
async function proxyBack(world: World): Promise<void> {
  const host = world.nextAddress();
  const surroundings = { clock: world.clock, random: world.random.fork('other'), hashes: virtualHashes(), octets: nodeOctets };
  const endpoint = new Endpoint({ ...surroundings, network: world.network.host(host, 'other'), allow: 'any' });
  await endpoint.listen('UDP', { host, port: 5060 });
  const proxy = new StatefulProxy({ ...surroundings, endpoint, newTag: () => 'other', fault: (error) => assert.fail(String(error)) });
  const place = { transport: 'UDP', address: serverPort } as const;
  endpoint.onInvite = (transaction) => {
    const { request } = processRouteInformation(transaction.request, { isOwn: () => true, isRecorded: () => false });
    const uri = request.uri.includes('to-bob') ? bobUri : request.uri;
    proxy.forward(transaction, { request, targets: [{ uri, locate: () => [place] }] });
  };
}

const invented = Headers.of(['P-Asserted-Identity', '<sip:the-king@cpm.test>']);
const retryLater = Headers.of(['Retry-After', '60']);
