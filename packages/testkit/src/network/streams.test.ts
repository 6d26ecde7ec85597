import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Flow } from '@opencpm/sip';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { type LinkConditions, roughLink } from './conditions.ts';
import { RecordingUser } from './recording-user.ts';
import { VirtualNetwork } from './virtual-network.ts';

const octets = (text: string) => new TextEncoder().encode(text);
const bobAddress = { host: '10.0.0.2', port: 5060 };

async function listening(conditions: Partial<LinkConditions> = {}, seed = 'streams') {
  const clock = new VirtualClock(0);
  const network = new VirtualNetwork({ clock, random: new SeededRandom(seed), conditions });
  const alice = new RecordingUser();
  const bob = new RecordingUser();
  const listener = await network.host('10.0.0.2').listen('TCP', bobAddress, bob);
  const connect = (timeoutMilliseconds = 5_000) =>
    clock.runToEnd(network.host('10.0.0.1').connect(bobAddress, alice, timeoutMilliseconds), 60_000);
  return { clock, network, alice, bob, listener, connect };
}

/** Alice with a connection to Bob. */
async function connected(conditions: Partial<LinkConditions> = {}, seed = 'streams') {
  const world = await listening(conditions, seed);
  const result = await world.connect();
  assert.ok(result.kind === 'connected');
  const [bobsFlow] = world.bob.flows;
  assert.ok(bobsFlow !== undefined);
  return { ...world, flow: result.flow, bobsFlow };
}

const events = (network: VirtualNetwork) => network.wireLog.entries.map(({ event, fate }) => `${event} ${fate}`);

/** Sends text in pieces at several moments and gives all of it. */
async function sendPieces(clock: VirtualClock, flow: Flow): Promise<string> {
  let sent = '';
  for (let piece = 0; piece < 40; piece += 1) {
    const text = `<${piece}:${'x'.repeat((piece * 37) % 300)}>`;
    assert.equal(flow.send(octets(text)), true);
    sent += text;
    if (piece % 3 === 0) await clock.runFor(7);
  }
  return sent;
}

describe('a connection on a virtual network', () => {
  it('opens after one round trip and carries both ways', async () => {
    const { clock, alice, bob, flow, bobsFlow } = await connected({ leastLatencyMilliseconds: 10, mostLatencyMilliseconds: 10 });
    assert.equal(clock.now(), 20);
    flow.send(octets('to bob'));
    bobsFlow.send(octets('to alice'));
    await clock.runFor(10);
    assert.deepEqual(bob.heard, ['opened with 10.0.0.1', 'TCP from 10.0.0.1: to bob']);
    assert.deepEqual(alice.heard, ['opened with 10.0.0.2', 'TCP from 10.0.0.2: to alice']);
    assert.equal(flow.remote.port, 5060);
    assert.equal(flow.local.port, bobsFlow.remote.port);
  });

  it('keeps every octet in its order, however a rough link cuts, joins and delays', async () => {
    for (const seed of ['a', 'b', 'c']) {
      const { clock, network, bob, flow } = await connected(roughLink, seed);
      const sent = await sendPieces(clock, flow);
      await clock.runFor(10_000);
      assert.equal(bob.text, sent);
      const segments = network.wireLog.entries.filter(({ event }) => event === 'segment');
      assert.ok(segments.some(({ octets: segment }) => Buffer.from(segment).toString().includes('><')));
      assert.ok(segments.some(({ octets: segment }) => !Buffer.from(segment).toString().endsWith('>')));
    }
  });

  it('cuts at the largest segment', async () => {
    const { clock, bob, flow } = await connected({ maxSegmentOctets: 100 });
    flow.send(new Uint8Array(250));
    await clock.runFor(10);
    assert.deepEqual(
      bob.heard.slice(1).map((line) => line.length - 'TCP from 10.0.0.1: '.length),
      [100, 100, 50],
    );
  });

  it('sends a lost segment again, later, and holds back what follows it', async () => {
    const { clock, network, bob, flow } = await connected();
    network.setConditions({ loss: 1 });
    flow.send(octets('lost '));
    await clock.runFor(1);
    network.setConditions({ loss: 0 });
    flow.send(octets('not lost'));
    await clock.runFor(150);
    assert.equal(bob.text, '');
    await clock.runFor(100);
    assert.equal(bob.text, 'lost not lost');
  });

  it('ends after what was sent, and tells both sides why', async () => {
    const { clock, alice, bob, flow, bobsFlow } = await connected();
    flow.send(octets('last words'));
    flow.close();
    flow.close();
    assert.equal(flow.closed, true);
    assert.equal(flow.send(octets('more')), false);
    await clock.runFor(10);
    assert.deepEqual(bob.heard.slice(1), ['TCP from 10.0.0.1: last words', 'closed with 10.0.0.1: closed by the peer']);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: closed here']);
    assert.equal(bobsFlow.closed, true);
    assert.equal(clock.pendingWakes, 0);
  });

  it('is refused where nobody listens, or where the test says so', async () => {
    const { network, connect, listener } = await listening();
    network.refuseConnections(bobAddress);
    assert.deepEqual(await connect(), { kind: 'failed', reason: 'ECONNREFUSED' });
    network.refuseConnections(bobAddress, false);
    assert.equal((await connect()).kind, 'connected');
    await listener.close();
    assert.deepEqual(await connect(), { kind: 'failed', reason: 'ECONNREFUSED' });
  });

  it('fails in time when the host is unknown, unreachable, or has no address', async () => {
    const { clock, network, alice, connect } = await listening();
    const host = network.host('10.0.0.1');
    const unknown = host.connect({ host: '10.9.9.9', port: 1 }, alice, 3_000);
    assert.deepEqual(await clock.runToEnd(unknown, 3_000), { kind: 'failed', reason: 'no answer within 3000 ms' });
    network.partition(['10.0.0.2']);
    assert.deepEqual(await connect(100), { kind: 'failed', reason: 'no answer within 100 ms' });
    assert.deepEqual(await host.connect({ host: 'nowhere.example', port: 1 }, alice, 100), { kind: 'failed', reason: 'ENOTFOUND' });
    assert.equal(clock.pendingWakes, 0);
  });

  it('opens when a partition is healed before the time is over', async () => {
    const { clock, network, alice } = await listening();
    network.partition(['10.0.0.2']);
    const opening = network.host('10.0.0.1').connect(bobAddress, alice, 5_000);
    await clock.runFor(2_500);
    network.heal();
    assert.equal((await clock.runToEnd(opening, 5_000)).kind, 'connected');
  });

  it('is given up without a trace when the answer to its opening comes too late', async () => {
    const { clock, bob, alice, connect } = await listening({ leastLatencyMilliseconds: 60, mostLatencyMilliseconds: 60 });
    assert.equal((await connect(100)).kind, 'failed');
    await clock.runFor(1_000);
    assert.deepEqual(alice.heard, []);
    assert.deepEqual(bob.heard, ['opened with 10.0.0.1', 'closed with 10.0.0.1: ECONNRESET']);
    assert.equal(clock.pendingWakes, 0);
  });

  it('is broken for both sides by a reset from the network', async () => {
    const { clock, network, alice, bob, flow } = await connected();
    flow.send(octets('never comes'));
    await clock.runFor(0);
    network.resetConnections('10.0.0.1', '10.0.0.2');
    await clock.runFor(10);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: ECONNRESET']);
    assert.deepEqual(bob.heard.slice(1), ['closed with 10.0.0.1: ECONNRESET']);
  });

  it('can be reset by the link at any segment', async () => {
    const { clock, alice, bob, flow } = await connected({ resetting: 1 });
    flow.send(octets('never comes'));
    await clock.runFor(10);
    assert.deepEqual([alice.heard.at(-1), bob.heard.at(-1)], ['closed with 10.0.0.2: ECONNRESET', 'closed with 10.0.0.1: ECONNRESET']);
    assert.equal(bob.text, '');
  });

  it('is closed with its listener', async () => {
    const { clock, alice, listener } = await connected();
    await listener.close();
    await clock.runFor(10);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: closed by the peer']);
  });
});

describe('a connection with a silent peer', () => {
  it('holds back what is sent during a partition and delivers it in order afterwards', async () => {
    const { clock, network, bob, flow } = await connected({ leastLatencyMilliseconds: 5, mostLatencyMilliseconds: 30 });
    flow.send(octets('one '));
    await clock.runFor(1);
    network.partition(['10.0.0.1'], ['10.0.0.2']);
    flow.send(octets('two '));
    await clock.runFor(60_000);
    assert.equal(bob.text, '');
    network.heal();
    flow.send(octets('three'));
    await clock.runFor(100);
    assert.equal(bob.text, 'one two three');
  });

  it('goes on when its partition is ended, and another one is not', async () => {
    const { clock, network, bob, flow } = await connected();
    const end = network.partition(['10.0.0.1'], ['10.0.0.2']);
    const endOther = network.partition(['10.0.0.2']);
    flow.send(octets('held back'));
    endOther();
    await clock.runFor(1_000);
    assert.equal(bob.text, '');
    end();
    await clock.runFor(10);
    assert.equal(bob.text, 'held back');
  });

  it('is half-open when the path forgets it, while a new one opens', async () => {
    const { clock, network, alice, bob, flow, bobsFlow, connect } = await connected({ giveUpMilliseconds: 30_000 });
    flow.send(octets('on its way'));
    await clock.runFor(0);
    network.forgetConnections('10.0.0.1', '10.0.0.2');
    bobsFlow.send(octets('anybody?'));
    await clock.runFor(29_000);
    assert.deepEqual([flow.closed, bobsFlow.closed, alice.text, bob.text], [false, false, '', '']);
    const again = await connect();
    assert.ok(again.kind === 'connected');
    again.flow.send(octets('here'));
    await clock.runFor(1_000);
    assert.equal(bob.text, 'here');
    assert.ok(bob.heard.includes('closed with 10.0.0.1: ETIMEDOUT'));
    assert.deepEqual(events(network).slice(2, 5), ['segment sent', 'forgotten sent', 'segment cut off']);
  });

  it('is closed when more waits than the send buffer takes', async () => {
    const { clock, network, alice, flow } = await connected({ sendBufferOctets: 1_000 });
    network.partition(['10.0.0.2']);
    assert.equal(flow.send(new Uint8Array(1_001)), true);
    assert.equal(flow.send(new Uint8Array(1)), false);
    await clock.runFor(0);
    assert.equal(flow.closed, true);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: more than 1000 octets wait to be sent']);
  });

  it('is given up after the time of the link', async () => {
    const { clock, network, alice, flow } = await connected({ giveUpMilliseconds: 30_000 });
    network.partition(['10.0.0.2']);
    flow.send(octets('anybody?'));
    await clock.runFor(29_999);
    assert.equal(flow.closed, false);
    await clock.runFor(1);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: ETIMEDOUT']);
  });
});

describe('a connection with a host that crashes', () => {
  it('is reset, and nobody on the crashed host hears of it', async () => {
    const { clock, network, alice, bob, flow, bobsFlow } = await connected();
    flow.send(octets('too late'));
    await clock.runFor(0);
    network.crashHost('10.0.0.2');
    await clock.runFor(10);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: ECONNRESET']);
    assert.deepEqual(bob.heard, ['opened with 10.0.0.1']);
    assert.equal(bobsFlow.send(octets('from the grave')), false);
  });

  it('is refused to newcomers until the host is back', async () => {
    const { network, bob, connect } = await connected();
    network.crashHost('10.0.0.2');
    assert.deepEqual(await connect(), { kind: 'failed', reason: 'ECONNREFUSED' });
    await network.host('10.0.0.2').listen('TCP', bobAddress, bob);
    assert.equal((await connect()).kind, 'connected');
  });

  it('stays half-open after a silent crash, and is reset when the host is back and hears of it', async () => {
    const { clock, network, alice, bob, flow, connect } = await connected();
    network.crashHost('10.0.0.2', { silently: true });
    flow.send(octets('anybody?'));
    await clock.runFor(0);
    assert.deepEqual(await connect(2_000), { kind: 'failed', reason: 'no answer within 2000 ms' });
    assert.deepEqual(alice.heard.slice(1), []);
    assert.equal(flow.closed, false);
    await network.host('10.0.0.2').listen('TCP', bobAddress, bob);
    await clock.runFor(10);
    assert.deepEqual(alice.heard.slice(1), ['closed with 10.0.0.2: ECONNRESET']);
    assert.equal(bob.text, '');
    assert.deepEqual(events(network).slice(2, 4), ['segment cut off', 'connect cut off']);
  });

  it('never gives a result to a process that crashed while it was connecting', async () => {
    const { clock, network, alice } = await listening();
    let settled = false;
    const note = () => {
      settled = true;
    };
    network.host('10.0.0.1').connect(bobAddress, alice, 1_000).then(note, note);
    await clock.runFor(0);
    network.crashHost('10.0.0.1');
    await clock.runFor(5_000);
    assert.equal(settled, false);
    assert.equal(clock.pendingWakes, 0);
  });
});
