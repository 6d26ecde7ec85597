import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Target } from '@opencpm/sip';
import { NextHopMemory } from './next-hop-memory.ts';

function target(port: number): Target {
  return { transport: 'UDP', address: { host: '192.0.2.1', port } };
}

const [one, two, three] = [target(1), target(2), target(3)];

describe('the memory of next hops', () => {
  it('puts those last that failed lately, in the order that they had (RFC 3263 §4.3)', () => {
    const memory = new NextHopMemory();
    memory.failed(two, 0);
    memory.failed(one, 1_000);
    assert.deepEqual(memory.inOrder([one, two, three], 2_000), [three, one, two]);
    assert.deepEqual(memory.inOrder([one, two, three], 30_500), [two, three, one]);
    memory.worked(one);
    assert.deepEqual(memory.inOrder([one, two, three], 30_500), [one, two, three]);
  });

  it('leaves those out that asked to be left alone, as long as they asked, but not for ever (RFC 3261 §21.5.4)', () => {
    const memory = new NextHopMemory();
    memory.busy(one, 20, 0);
    memory.busy(two, 4_000_000_000, 0);
    assert.deepEqual(memory.inOrder([one, two, three], 19_999), [three]);
    assert.equal(memory.bannedMilliseconds(one, 19_999), 1);
    assert.deepEqual(memory.inOrder([one, two, three], 20_000), [one, three]);
    assert.deepEqual(memory.inOrder([one, two, three], 600_000), [one, two, three]);
  });

  it('tells transports and connections apart', () => {
    const memory = new NextHopMemory();
    const overTcp: Target = { transport: 'TCP', address: { host: '192.0.2.1', port: 1 } };
    memory.busy(one, 20, 0);
    assert.deepEqual(memory.inOrder([one, overTcp], 0), [overTcp]);
  });

  it('forgets the oldest above a thousand', () => {
    const memory = new NextHopMemory();
    for (let port = 1; port <= 1_001; port += 1) memory.busy(target(port), 20, 0);
    assert.deepEqual(memory.inOrder([one, two], 0), [one]);
  });
});
