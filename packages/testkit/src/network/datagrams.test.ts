import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { LinkConditions } from './conditions.ts';
import { RecordingUser } from './recording-user.ts';
import { VirtualNetwork } from './virtual-network.ts';

const octets = (text: string) => new TextEncoder().encode(text);
const aliceAddress = { host: '10.0.0.1', port: 5060 };
const bobAddress = { host: '10.0.0.2', port: 5060 };

/** Alice and Bob, each with a UDP socket. */
async function twoHosts(conditions: Partial<LinkConditions> = {}, seed = 'datagrams') {
  const clock = new VirtualClock(0);
  const network = new VirtualNetwork({ clock, random: new SeededRandom(seed), conditions });
  const alice = new RecordingUser();
  const bob = new RecordingUser();
  const aliceListener = await network.host('10.0.0.1').listen('UDP', aliceAddress, alice);
  const bobListener = await network.host('10.0.0.2').listen('UDP', bobAddress, bob);
  const toBob = network.host('10.0.0.1').datagramFlow(aliceListener, bobAddress);
  return { clock, network, alice, bob, toBob, aliceListener, bobListener };
}

const fates = (network: VirtualNetwork) => network.wireLog.entries.map(({ event, fate }) => `${event} ${fate}`);

describe('datagrams on a virtual network', () => {
  it('arrive after the latency of the link, whole and with the address of the sender', async () => {
    const { clock, bob, toBob } = await twoHosts({ leastLatencyMilliseconds: 20, mostLatencyMilliseconds: 20 });
    assert.equal(toBob.send(octets('hello')), true);
    await clock.advanceTo(19);
    assert.deepEqual(bob.heard, []);
    await clock.advanceTo(20);
    assert.deepEqual(bob.heard, ['UDP from 10.0.0.1: hello']);
  });

  it('are what they were when they were sent, whatever becomes of the buffer', async () => {
    const { clock, bob, toBob } = await twoHosts();
    const buffer = Buffer.from('first');
    toBob.send(buffer);
    buffer.write('wrong');
    await clock.runFor(10);
    assert.deepEqual(bob.heard, ['UDP from 10.0.0.1: first']);
  });

  it('are answered over the flow that they came on, one flow for each peer', async () => {
    const { clock, network, alice, toBob, bobListener } = await twoHosts();
    const back = network.host('10.0.0.2').datagramFlow(bobListener, aliceAddress);
    assert.equal(network.host('10.0.0.2').datagramFlow(bobListener, { ...aliceAddress }), back);
    assert.notEqual(back.id, toBob.id);
    back.send(octets('hello back'));
    await clock.runFor(10);
    assert.deepEqual(alice.heard, ['UDP from 10.0.0.2: hello back']);
  });

  it('are lost when the link says so', async () => {
    const { clock, network, bob, toBob } = await twoHosts({ loss: 1 });
    assert.equal(toBob.send(octets('hello')), true);
    await clock.runFor(1_000);
    assert.deepEqual(bob.heard, []);
    assert.deepEqual(fates(network), ['datagram lost']);
  });

  it('come twice when the link says so', async () => {
    const { clock, network, bob, toBob } = await twoHosts({ doubling: 1 });
    toBob.send(octets('hello'));
    await clock.runFor(1_000);
    assert.deepEqual(bob.heard, ['UDP from 10.0.0.1: hello', 'UDP from 10.0.0.1: hello']);
    assert.deepEqual(fates(network), ['datagram doubled']);
  });

  it('keep their order under a varying latency, and lose it under reordering', async () => {
    const sent = Array.from({ length: 30 }, (_, index) => `UDP from 10.0.0.1: ${index}`);
    const heardUnder = async (reordering: number) => {
      const { clock, bob, toBob } = await twoHosts({ leastLatencyMilliseconds: 1, mostLatencyMilliseconds: 90, reordering });
      for (const index of sent.keys()) {
        toBob.send(octets(String(index)));
        await clock.runFor(5);
      }
      await clock.runFor(1_000);
      return bob.heard;
    };
    assert.deepEqual(await heardUnder(0), sent);
    const reordered = await heardUnder(0.3);
    assert.notDeepEqual(reordered, sent);
    assert.deepEqual(reordered.toSorted(), sent.toSorted());
  });

  it('above the size that the path carries vanish; above what UDP can say they are not taken', async () => {
    const { clock, network, bob, toBob } = await twoHosts({ maxDatagramOctets: 1_300 });
    assert.equal(toBob.send(new Uint8Array(1_301)), true);
    assert.equal(toBob.send(new Uint8Array(65_508)), false);
    await clock.runFor(10);
    assert.deepEqual(bob.heard, []);
    assert.deepEqual(fates(network), ['datagram too large']);
  });

  it('to nobody are noted as unheard', async () => {
    const { clock, network, toBob, bobListener } = await twoHosts();
    await bobListener.close();
    toBob.send(octets('hello'));
    await clock.runFor(10);
    assert.deepEqual(fates(network), ['datagram sent', 'unheard lost']);
  });

  it('do not pass a partition, and pass again when it is healed', async () => {
    const { clock, network, bob, toBob } = await twoHosts();
    network.partition(['10.0.0.2']);
    toBob.send(octets('during'));
    await clock.runFor(10);
    network.heal();
    toBob.send(octets('after'));
    await clock.runFor(10);
    assert.deepEqual(bob.heard, ['UDP from 10.0.0.1: after']);
    assert.deepEqual(fates(network), ['datagram cut off', 'datagram sent']);
  });

  it('meet the conditions of their own link, and none within one host', async () => {
    const { clock, network, bob, alice, toBob, aliceListener } = await twoHosts({ loss: 1 });
    network.setLink('10.0.0.1', '10.0.0.2', { loss: 0 });
    toBob.send(octets('over the good link'));
    network.host('10.0.0.1').datagramFlow(aliceListener, aliceAddress).send(octets('to myself'));
    await clock.runFor(10);
    assert.deepEqual(bob.heard, ['UDP from 10.0.0.1: over the good link']);
    assert.deepEqual(alice.heard, ['UDP from 10.0.0.1: to myself']);
  });
});

describe('the crash of a virtual host', () => {
  it('drops what was on its way to it, also when the host is back at once', async () => {
    const { clock, network, bob, toBob } = await twoHosts();
    toBob.send(octets('too late'));
    network.crashHost('10.0.0.2');
    const again = new RecordingUser();
    await network.host('10.0.0.2').listen('UDP', bobAddress, again);
    toBob.send(octets('in time'));
    await clock.runFor(10);
    assert.deepEqual(bob.heard, []);
    assert.deepEqual(again.heard, ['UDP from 10.0.0.1: in time']);
  });

  it('leaves nothing to do for what remains of its process', async () => {
    const { network, alice, toBob } = await twoHosts();
    const host = network.host('10.0.0.1');
    network.crashHost('10.0.0.1');
    assert.equal(toBob.closed, true);
    assert.equal(toBob.send(octets('from the grave')), false);
    await assert.rejects(host.listen('UDP', aliceAddress, alice), /ENETDOWN/);
    assert.deepEqual(await host.connect(bobAddress, alice, 10), { kind: 'failed', reason: 'ENETDOWN' });
    assert.notEqual(network.host('10.0.0.1'), host);
    assert.deepEqual(network.wireLog.entries, []);
  });
});

describe('a socket of a virtual host', () => {
  it('cannot be bound twice, nor to the address of another host, but to any address and any free port', async () => {
    const { network, bob } = await twoHosts();
    const host = network.host('10.0.0.2');
    await assert.rejects(host.listen('UDP', bobAddress, bob), /cannot listen on UDP 10\.0\.0\.2 port 5060: EADDRINUSE/);
    await assert.rejects(host.listen('UDP', { host: '10.0.0.9', port: 1 }, bob), /EADDRNOTAVAIL/);
    assert.equal((await host.listen('TCP', bobAddress, bob)).transport, 'TCP');
    const any = await host.listen('UDP', { host: '0.0.0.0', port: 0 }, bob);
    assert.ok(any.address.port >= 49_152);
  });

  it('refuses a listener of another transport for datagrams', async () => {
    const { network, bob } = await twoHosts();
    const host = network.host('10.0.0.2');
    const listener = await host.listen('TCP', bobAddress, bob);
    assert.throws(() => host.datagramFlow(listener, aliceAddress), TypeError);
  });
});

it('tells every host what the zone says of a name, an address of itself, and a fault where there shall be one', async () => {
  const { network } = await twoHosts();
  const server = { priority: 0, weight: 0, port: 5060, target: 'one.example.net' };
  network.dns.set('Example.net', { addresses: ['10.0.0.7', '10.0.0.8'] });
  network.dns.set('_sip._udp.example.net', { srv: [server] });
  const { dns } = network.host('10.0.0.1');
  assert.deepEqual(await dns.addresses('example.NET'), ['10.0.0.7', '10.0.0.8']);
  assert.deepEqual(await dns.addresses('2001:db8::1'), ['2001:db8::1']);
  assert.deepEqual(await dns.addresses('other.example'), []);
  assert.deepEqual(await dns.srv('_sip._udp.example.net'), [server]);
  assert.deepEqual(await dns.naptr('example.net'), []);
  const fault = { kind: 'fault', temporary: true, reason: 'ETIMEOUT' } as const;
  network.dns.fail('example.net', fault);
  assert.equal(await dns.addresses('example.net'), fault);
  network.dns.fail('example.net', undefined);
  assert.deepEqual(await dns.naptr('example.net'), []);
});
