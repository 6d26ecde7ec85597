import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers, type SipResponse } from '@opencpm/sip';
import { refusesForGood } from './delivery-outcome.ts';
import { bestResponse } from './handle-undelivered.ts';

function response(status: number): SipResponse {
  return { kind: 'response', status, reason: '', headers: Headers.of(), body: new Uint8Array(0) };
}

describe('what a client’s refusal means (decision 44)', () => {
  it('is for good for the statuses that the decision lists, and for no other from 300 to 699', () => {
    const forGood = Array.from({ length: 400 }, (_, index) => index + 300).filter((status) => refusesForGood(response(status)));
    assert.deepEqual(forGood, [404, 405, 410, 413, 415, 416, 420, 488, 501, 513, 603, 606]);
  });

  const best: readonly (readonly [readonly number[], number | undefined])[] = [
    [[], undefined],
    [[415], 415],
    [[501, 488, 415], 415],
    [[404, 603, 513], 603],
    [[606, 603], 603],
  ];
  for (const [statuses, expected] of best) {
    it(`of ${statuses.join(', ') || 'nothing'} the sender hears ${expected ?? 'nothing'} (RFC 3261 §16.7 step 6)`, () => {
      assert.equal(bestResponse(statuses.map(response)), expected);
    });
  }
});
