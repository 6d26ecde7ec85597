import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@opencpm/testkit';
import { AddressLimits } from './address-limits.ts';

const host = '192.0.2.66';

function limited() {
  const dropped: string[] = [];
  const parts = {
    limits: { malformedPerSecond: 1, unauthenticatedPerSecond: 2 },
    trustedPeers: { includes: (peer: string) => peer === '10.0.0.5' },
    clock: new VirtualClock(),
    dropped: (kind: string) => void dropped.push(kind),
  };
  return { limits: new AddressLimits(parts), dropped };
}

test('malformed and unauthenticated requests of an address have budgets of their own, of ten seconds each', () => {
  const { limits, dropped } = limited();
  const malformed = Array.from({ length: 20 }, () => limits.answersMalformed(host));
  const unauthenticated = Array.from({ length: 30 }, () => limits.answersUnauthenticated({ host, port: 5060 }));
  // One more than the budget: the answer of this second.
  assert.deepEqual([malformed.lastIndexOf(true), unauthenticated.lastIndexOf(true)], [10, 20]);
  assert.equal(dropped.length, 9 + 9);
});

test('trusted peers are never limited', () => {
  const { limits, dropped } = limited();
  for (let count = 0; count < 100; count += 1) {
    assert.ok(limits.answersMalformed('10.0.0.5') && limits.answersUnauthenticated({ host: '10.0.0.5', port: 1 }));
  }
  assert.deepEqual(dropped, []);
});

test('who has shown his password spends his own from then on, whatever others behind his address do', () => {
  const { limits } = limited();
  const alice = { host, port: 40_000 };
  assert.ok(limits.answersUnauthenticated(alice));
  limits.authenticated(alice);
  for (let count = 0; count < 100; count += 1) limits.answersUnauthenticated({ host, port: 666 });
  for (let count = 0; count < 100; count += 1) {
    assert.ok(limits.answersUnauthenticated(alice));
    limits.authenticated(alice);
  }
  assert.equal(limits.answersUnauthenticated({ host, port: 666 }), false);
});
