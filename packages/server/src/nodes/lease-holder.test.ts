import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@opencpm/testkit';
import { leaseHolder, startedAtOf } from './lease-holder.ts';

test('a holder tells when it started, and no other process is called the same', () => {
  const random = new SeededRandom('holders');
  const [one, other] = [leaseHolder(1_767_323_045_000.5, random), leaseHolder(1_767_323_045_000.5, random)];
  assert.notEqual(one, other);
  assert.deepEqual([startedAtOf(one), startedAtOf(other)], [1_767_323_045_000, 1_767_323_045_000]);
});

test('of a lease that was taken over, or that something else has written, no start is known', () => {
  for (const holder of ['', 'administration', '17-abc', `-${'0'.repeat(32)}`]) assert.equal(startedAtOf(holder), undefined);
});
