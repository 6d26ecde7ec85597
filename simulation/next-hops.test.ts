/** The way out of the domain: which server gets a request, and which one when that fails (RFC 3263 §4). */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers, type SipResponse, type SrvRecord } from '@opencpm/sip';
import { answer, byMethod, late, type PeerScript, type ScriptedPeer, several, silence } from '@opencpm/testkit';
import { inWorld, only } from './in-world.ts';
import { cpmMessage, type Phone } from './phone.ts';
import type { World } from './world.ts';

const routed = { routes: { 'other.test': 'sip:core.other.test' } };
const recipient = 'sip:dora@other.test';
/** Longer than the server waits for all next hops together. */
const patience = { limitMilliseconds: 40_000 };

interface Site {
  readonly alice: Phone;
  /** By priority: the first is tried first. */
  readonly servers: readonly ScriptedPeer[];
}

/** A domain with one SRV record for each script. */
async function site(world: World, ...scripts: readonly PeerScript[]): Promise<Site> {
  const alice = await world.phone('alice');
  const servers: ScriptedPeer[] = [];
  for (const [index, script] of scripts.entries()) servers.push(await world.peer(`server${index}`, script));
  const records = servers.map(({ address }, index): SrvRecord => {
    world.network.dns.set(`server${index}.other.test`, { addresses: [address.host] });
    return { priority: index, weight: 0, port: 5060, target: `server${index}.other.test` };
  });
  world.network.dns.set('_sip._udp.core.other.test', { srv: records });
  return { alice, servers };
}

function accept(): PeerScript {
  return () => answer(200);
}

function retryAfter(response: SipResponse): number {
  return Number(response.headers.text('Retry-After'));
}

/** Requests, each once: those that came again over UDP are left out. */
function distinct(peer: ScriptedPeer | undefined): number {
  return new Set(peer?.requests('MESSAGE').map(({ headers }) => headers.text('Via'))).size;
}

describe('a route to a domain with two servers', () => {
  inWorld('goes to the first, and to nobody else', routed, async (world) => {
    const { alice, servers } = await site(world, accept(), accept());
    assert.equal((await alice.message(recipient, cpmMessage('hello'))).status, 200);
    assert.deepEqual(servers.map(distinct), [1, 0]);
    assert.deepEqual(world.network.dns.questions.slice(0, 3), [
      'NAPTR core.other.test',
      'SRV _sip._udp.core.other.test',
      'SRV _sip._tcp.core.other.test',
    ]);
  });

  inWorld('whose first one is dead goes to the second, under another branch and the same Call-ID (§4.3)', routed, async (world) => {
    const { alice, servers } = await site(world, () => silence, accept());
    const before = world.clock.now();
    assert.equal((await alice.message(recipient, { ...cpmMessage('hello'), ...patience })).status, 200);
    assert.ok(world.clock.now() - before < 10_000);
    assert.deepEqual(servers.map(distinct), [1, 1]);
    const [tried, taken] = servers.map((peer) => peer.requests('MESSAGE')[0]?.headers);
    assert.notEqual(tried?.text('Via'), taken?.text('Via'));
    for (const name of ['Call-ID', 'CSeq', 'From', 'To', 'Contribution-ID']) assert.equal(tried?.text(name), taken?.text(name), name);
    assert.equal((await alice.message(recipient, cpmMessage('again'))).status, 200);
    assert.deepEqual(servers.map(distinct), [1, 2], 'who failed lately is tried last');
    await world.clock.runFor(30_000);
    servers.forEach((peer) => {
      peer.script = accept();
    });
    await alice.message(recipient, cpmMessage('later'));
    assert.deepEqual(servers.map(distinct), [2, 2], 'and first again after 30 s');
  });

  inWorld('over TCP whose first one takes no connection goes to the second at once', tcp(), async (world) => {
    const { alice, servers } = await site(world, accept(), accept());
    world.network.dns.set('_sip._tcp.core.other.test', {
      srv: await world.network.host('10.0.0.1').dns.srv('_sip._udp.core.other.test').then(records),
    });
    const [first] = servers;
    assert.ok(first);
    world.network.refuseConnections(first.address);
    const before = world.clock.now();
    assert.equal((await alice.message(recipient, cpmMessage('hello'))).status, 200);
    assert.ok(world.clock.now() - before < 1_000);
    assert.deepEqual(servers.map(distinct), [0, 1]);
  });

  inWorld('whose first one answers 503 goes to the second, and leaves the first alone as long as it asked for', routed, async (world) => {
    const busy = answer(503, { headers: Headers.of(['Retry-After', '120']) });
    const { alice, servers } = await site(world, () => busy, accept());
    assert.equal((await alice.message(recipient, cpmMessage('one'))).status, 200);
    assert.equal((await alice.message(recipient, cpmMessage('two'))).status, 200);
    assert.deepEqual(servers.map(distinct), [1, 2]);
    await world.clock.runFor(119_000);
    await alice.message(recipient, cpmMessage('three'));
    assert.deepEqual(servers.map(distinct), [1, 3]);
    await world.clock.runFor(2_000);
    await alice.message(recipient, cpmMessage('four'));
    assert.deepEqual(servers.map(distinct), [2, 4]);
  });
});

describe('a server that lives', () => {
  inWorld('but is slow, and says so by 100, has the message alone (RFC 4320 §4.1)', routed, async (world) => {
    const slow: PeerScript = ({ copy }) => (copy === 4 ? several(answer(100), late(15_000, answer(200))) : silence);
    const { alice, servers } = await site(world, slow, accept());
    const before = world.clock.now();
    assert.equal((await alice.message(recipient, { ...cpmMessage('hello'), ...patience })).status, 200);
    assert.ok(world.clock.now() - before > 15_000);
    assert.deepEqual(servers.map(distinct), [1, 0]);
  });

  inWorld('and refuses is believed: another one would not know better', routed, async (world) => {
    const { alice, servers } = await site(world, () => answer(486), accept());
    assert.equal((await alice.message(recipient, cpmMessage('hello'))).status, 486);
    assert.deepEqual(servers.map(distinct), [1, 0]);
  });
});

describe('when nobody is left', () => {
  inWorld('all silent: 480 with Retry-After within the sender’s Timer F', routed, async (world) => {
    const { alice, servers } = await site(
      world,
      () => silence,
      () => silence,
    );
    const before = world.clock.now();
    const response = await alice.message(recipient, { ...cpmMessage('hello'), ...patience });
    assert.deepEqual([response.status, retryAfter(response)], [480, 30]);
    assert.ok(world.clock.now() - before <= 31_000);
    assert.deepEqual(servers.map(distinct), [1, 1]);
  });

  inWorld('all answer 503: 503, and then without asking anybody until the first may be asked again', routed, async (world) => {
    const busy = (seconds: string) => () => answer(503, { headers: Headers.of(['Retry-After', seconds]) });
    const { alice, servers } = await site(world, busy('300'), busy('90'));
    const first = await alice.message(recipient, cpmMessage('one'));
    assert.deepEqual([first.status, retryAfter(first)], [503, 90]);
    await world.clock.runFor(10_000);
    const second = await alice.message(recipient, cpmMessage('two'));
    assert.equal(second.status, 503);
    assert.ok(retryAfter(second) >= 79 && retryAfter(second) <= 80);
    assert.deepEqual(servers.map(distinct), [1, 1]);
  });

  inWorld('a 503 that does not say for how long is asked again, and a ban ends after ten minutes at most', routed, async (world) => {
    const { alice, servers } = await site(world, () => answer(503));
    const response = await alice.message(recipient, cpmMessage('one'));
    assert.deepEqual([response.status, retryAfter(response)], [503, 30]);
    await alice.message(recipient, cpmMessage('two'));
    assert.deepEqual(servers.map(distinct), [2]);
    const only503 = only(servers);
    only503.script = () => answer(503, { headers: Headers.of(['Retry-After', '4000000000']) });
    assert.equal(retryAfter(await alice.message(recipient, cpmMessage('three'))), 600);
  });

  inWorld('the resolver fails: 503 with Retry-After, and told to the operator', { ...routed, faultsExpected: true }, async (world) => {
    const alice = await world.phone('alice');
    world.network.dns.fail('core.other.test', { kind: 'fault', temporary: true, reason: 'ETIMEOUT' });
    const response = await alice.message(recipient, cpmMessage('hello'));
    assert.deepEqual([response.status, retryAfter(response)], [503, 30]);
    assert.ok(world.server.log.some(({ fields }) => fields.where === 'resolve a next hop' && fields.reason === 'ETIMEOUT'));
  });
});

inWorld('NAPTR chooses the transport of a route (§4.1)', routed, async (world) => {
  const alice = await world.phone('alice');
  const server = await world.peer('server', byMethod({ MESSAGE: accept() }));
  const record = { flags: 's', regexp: '', order: 1 };
  world.network.dns.set('core.other.test', {
    naptr: [
      { ...record, preference: 10, service: 'SIP+D2T', replacement: '_sip._tcp.other.test' },
      { ...record, preference: 20, service: 'SIP+D2U', replacement: '_sip._udp.other.test' },
    ],
  });
  world.network.dns.set('_sip._tcp.other.test', { srv: [{ priority: 0, weight: 0, port: 5060, target: server.address.host }] });
  assert.equal((await alice.message(recipient, cpmMessage('hello'))).status, 200);
  assert.equal(server.received[0]?.flow.transport, 'TCP');
});

function tcp() {
  return { routes: { 'other.test': 'sip:core.other.test;transport=tcp' } };
}

function records<T>(answered: readonly T[] | { readonly kind: 'fault' }): readonly T[] {
  return 'kind' in answered ? [] : answered;
}
