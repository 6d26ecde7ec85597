/** The small parts of the Node platform. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { portableOctets } from '../message/octets.ts';
import { nodeClock } from './clock.ts';
import { nodeHashes } from './hashes.ts';
import { nodeNetwork } from './network.ts';
import { nodeOctets } from './octets.ts';
import { nodeRandom } from './random.ts';

describe('nodeClock', () => {
  it('wakes once and not early, and never runs backwards', async () => {
    const clock = nodeClock();
    let last = clock.now();
    for (let count = 0; count < 20; count += 1) {
      const at = clock.now() + (count % 5);
      await new Promise<void>((resolve) => clock.wakeAt(at, resolve));
      const now = clock.now();
      assert.ok(now >= at && now >= last);
      last = now;
    }
  });

  it('does not wake when cancelled, and takes a time further away than setTimeout can wait', async () => {
    const clock = nodeClock();
    const woken: string[] = [];
    const cancels = [
      clock.wakeAt(clock.now() + 1, () => woken.push('cancelled')),
      clock.wakeAt(clock.now() + 2 ** 40, () => woken.push('far')),
    ];
    cancels[0]?.();
    cancels[0]?.();
    await new Promise<void>((resolve) => clock.wakeAt(clock.now() + 10, resolve));
    assert.deepEqual(woken, []);
    cancels[1]?.();
  });
});

describe('nodeRandom', () => {
  it('gives as many octets as asked for, and none twice', () => {
    const random = nodeRandom();
    const lengths = [0, 1, 12, 4_096, 4_097, 10_000];
    assert.deepEqual(
      lengths.map((length) => random.bytes(length).length),
      lengths,
    );
    const seen = new Set(Array.from({ length: 2_000 }, () => Buffer.from(random.bytes(12)).toString('hex')));
    assert.equal(seen.size, 2_000);
  });
});

describe('nodeHashes', () => {
  it('gives the digests of RFC 1321 §A.5, FIPS 180-2 §B.1 and RFC 4231 §4.3', () => {
    const hashes = nodeHashes();
    const octets = (text: string) => portableOctets.encode(text);
    assert.equal(hashes.hex('md5', octets('abc')), '900150983cd24fb0d6963f7d28e17f72');
    assert.equal(hashes.hex('sha-256', 'ü'), hashes.hex('sha-256', new TextEncoder().encode('ü')));
    assert.equal(hashes.hex('sha-256', octets('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    assert.equal(
      hashes.hmacHex(octets('Jefe'), octets('what do ya want for nothing?')),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});

describe('nodeOctets', () => {
  it('does what portableOctets does, for Buffers and other octets', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(20), fc.boolean(), (octets, start, asBuffer) => {
        const given = asBuffer ? Buffer.from(octets) : octets;
        const from = Math.min(start, octets.length);
        const text = nodeOctets.decode(given, from, octets.length);
        assert.equal(text, portableOctets.decode(octets, from, octets.length));
        assert.deepEqual([...nodeOctets.encode(text)], [...octets.subarray(from)]);
        assert.deepEqual([...(nodeOctets.join?.(text, octets) ?? [])], [...octets.subarray(from), ...octets]);
        assert.deepEqual([...portableOctets.join(text, octets)], [...octets.subarray(from), ...octets]);
      }),
    );
  });
});

describe('nodeNetwork', () => {
  it('gives the same UDP flow for the same pair, and keeps a bounded number', async () => {
    const network = nodeNetwork({ limits: { udpFlows: 8 } });
    const listener = await network.listen(
      'UDP',
      { host: '127.0.0.1', port: 0 },
      { received: () => undefined, flowClosed: () => undefined },
    );
    const flow = (port: number) => network.datagramFlow(listener, { host: '127.0.0.1', port });
    const [first, second] = [flow(1), flow(2)];
    for (let port = 3; port <= 7; port += 1) assert.equal(flow(1), first, 'in use');
    for (let port = 3; port <= 5; port += 1) flow(port);
    assert.equal(flow(1), first);
    for (let port = 10; port <= 20; port += 1) flow(port);
    assert.notEqual(flow(2), second);
    assert.equal(flow(2).id, second.id);
    assert.equal(first.closed, false);
    await listener.close();
    assert.equal(first.closed, true);
    assert.equal(first.send(new Uint8Array(1)), false);
    assert.throws(() => network.datagramFlow({ ...listener, close: listener.close }, { host: '127.0.0.1', port: 1 }), TypeError);
  });

  it('takes no datagram that UDP cannot hold', async () => {
    const network = nodeNetwork();
    const listener = await network.listen(
      'UDP',
      { host: '127.0.0.1', port: 0 },
      { received: () => undefined, flowClosed: () => undefined },
    );
    assert.equal(network.datagramFlow(listener, { host: '127.0.0.1', port: 9 }).send(new Uint8Array(65_508)), false);
    await listener.close();
  });

  it('resolves names, and an address to itself', async () => {
    const network = nodeNetwork();
    assert.deepEqual(await network.dns.addresses('192.0.2.1'), ['192.0.2.1']);
    const addresses = await network.dns.addresses('localhost');
    assert.ok(!('kind' in addresses) && addresses.some((address) => address === '127.0.0.1' || address === '::1'));
  });
});
