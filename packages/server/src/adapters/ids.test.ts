import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '@opencpm/sip';
import { nodeHashes } from '@opencpm/sip/node';
import { PlatformIds } from './ids.ts';

/** Octets that count up from a first one: no two draws are alike. */
function counting(first: number): Random {
  let next = first;
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 256) };
}

function ids(first = 1): PlatformIds {
  const made = new PlatformIds(counting(first), nodeHashes());
  made.useDeliveryKey('ab'.repeat(32));
  return made;
}

describe('identifiers', () => {
  it('have the shapes that the standards give them', () => {
    assert.match(ids().unique(), /^[0-9a-f]{32}$/);
    assert.match(ids().uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(ids().tag(), /^[0-9a-f]{16}$/);
  });

  it('that are ordered sort as they were made, within a millisecond, over years, and when the clock goes back', () => {
    const source = ids();
    const times = [0, 1, 1, 1, 1_704_067_200_000, 1_704_067_200_000, 1_704_067_100_000, 1_704_067_200_001, 4_102_444_800_000];
    const made = times.map((now) => source.ordered(now));
    assert.deepEqual([...made].sort(), made);
    assert.equal(new Set(made.map((id) => id.length)).size, 1);
    const burst = Array.from({ length: 2000 }, () => source.ordered(4_102_444_800_000));
    assert.deepEqual([...burst].sort(), burst);
    assert.ok(source.ordered(4_102_444_800_003) > (burst.at(-1) ?? ''));
  });
});

describe('the names of a delivery', () => {
  it('are the same for the same message, client and attempt in every process that has the key', () => {
    assert.deepEqual(ids(1).deliveryNames('m', 'c', 2), ids(9).deliveryNames('m', 'c', 2));
  });

  it('differ for another message, client or attempt, in every part', () => {
    const all = [
      ['m', 'c', 0],
      ['m', 'c', 1],
      ['m', 'd', 0],
      ['n', 'c', 0],
    ] as const;
    const made = all.map(([message, client, attempt]) => ids().deliveryNames(message, client, attempt));
    for (const part of ['callId', 'fromTag', 'branch'] as const)
      assert.equal(new Set(made.map((names) => names[part])).size, all.length, part);
    assert.deepEqual(
      made.map(({ sequence }) => sequence),
      [1, 2, 1, 1],
    );
    for (const { branch } of made) assert.match(branch, /^z9hG4bK[0-9a-f]{16}$/);
  });

  it('need the key', () => {
    const keyless = new PlatformIds(counting(1), nodeHashes());
    assert.throws(() => keyless.deliveryNames('m', 'c', 0), /key/);
  });
});
