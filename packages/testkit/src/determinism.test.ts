import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientOutcome, Endpoint, Headers, portableOctets, responseTo, type SipRequest } from '@opencpm/sip';
import { roughLink } from './network/conditions.ts';
import { formatLadder } from './network/ladder.ts';
import { VirtualNetwork } from './network/virtual-network.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { virtualHashes } from './virtual-hashes.ts';

interface Run {
  readonly wire: string;
  readonly ladder: string;
  readonly outcomes: readonly string[];
  readonly answered: number;
  readonly fates: readonly string[];
}

const addresses = { alice: { host: '10.0.0.1', port: 5060 }, bob: { host: '10.0.0.2', port: 5060 } };
const messageCount = 40;

interface World {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  answered: number;
}

/** A process on a host of the network: an endpoint that answers 200, and the clock that dies with it. */
async function startProcess(world: World, name: 'alice' | 'bob') {
  const processClock = world.clock.process();
  const endpoint = new Endpoint({
    clock: processClock,
    random: new SeededRandom(name),
    network: world.network.host(addresses[name].host, name),
    octets: portableOctets,
    hashes: virtualHashes(),
  });
  endpoint.onRequest = (transaction) => {
    world.answered += 1;
    transaction.respond(responseTo(transaction.request, 200, { toTag: 'b' }));
  };
  for (const transport of ['UDP', 'TCP'] as const) await endpoint.listen(transport, addresses[name]);
  return { endpoint, processClock };
}

/** Alice sends messages to Bob, over UDP and TCP, on a bad link, with a partition and a crash of Bob in between. */
async function run(seed: number): Promise<Run> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const network = new VirtualNetwork({ clock, random, conditions: roughLink });
  const traffic = random.fork('traffic');
  const world: World = { clock, network, answered: 0 };
  const alice = await startProcess(world, 'alice');
  const bob = await startProcess(world, 'bob');
  const outcomes: Promise<ClientOutcome>[] = [];
  for (let index = 0; index < messageCount; index += 1) {
    const transport = traffic.pick(['UDP', 'TCP'] as const);
    outcomes.push(alice.endpoint.request(messageOf(index), { transport, address: addresses.bob }));
    await clock.runFor(traffic.integer(500));
    if (index === 10) network.partition([addresses.bob.host]);
    if (index === 15) network.heal();
    if (index === 25) {
      bob.processClock.stop();
      network.crashHost(addresses.bob.host);
    }
    if (index === 28) await startProcess(world, 'bob');
  }
  const settled = await clock.runToEnd(Promise.all(outcomes), 120_000);
  const fates = network.wireLog.entries.map(({ event, fate }) => `${event} ${fate}`);
  const texts = settled.map((outcome) => (outcome.kind === 'response' ? String(outcome.response.status) : outcome.kind));
  return { wire: network.wireLog.toText(), ladder: formatLadder(network.wireLog), outcomes: texts, answered: world.answered, fates };
}

function messageOf(index: number): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', `<sip:alice@example.net>;tag=${index}`],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', `call-${index}`],
    ['CSeq', '1 MESSAGE'],
    ['Content-Type', 'text/plain'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@10.0.0.2', headers, body: new Uint8Array(10 + index * 11).fill(0x61) };
}

describe('two endpoints on a bad link', () => {
  it('put the same octets on the wire at the same times in every run with the same seed', async () => {
    const first = await run(1);
    const second = await run(1);
    assert.equal(second.wire, first.wire);
    assert.equal(second.ladder, first.ladder);
    assert.deepEqual(second.outcomes, first.outcomes);
    assert.notEqual((await run(2)).wire, first.wire);
  });

  it('meet everything that the link can do to them, and get through', async () => {
    const runs = [await run(1), await run(2), await run(3)];
    const fates = new Set(runs.flatMap((each) => each.fates));
    for (const fate of ['datagram lost', 'datagram doubled', 'datagram cut off', 'segment late', 'segment cut off', 'unheard lost']) {
      assert.ok(fates.has(fate), `${fate} is not among ${[...fates].join(', ')}`);
    }
    for (const { outcomes, answered } of runs) {
      const successes = outcomes.filter((outcome) => outcome === '200').length;
      assert.equal(outcomes.length, messageCount);
      assert.ok(successes > 25 && answered >= successes, `${answered} answered: ${outcomes.join(' ')}`);
    }
  });
});
