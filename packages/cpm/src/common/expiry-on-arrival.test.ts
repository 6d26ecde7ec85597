import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers, type SipRequest } from '@opencpm/sip';
import { isExpired } from './expiry-on-arrival.ts';

const now = Date.UTC(2026, 0, 15, 12);

function message(...headers: readonly (readonly [string, string])[]): SipRequest {
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers: Headers.of(...headers), body: new Uint8Array() };
}

const date = (milliseconds: number) => ['Date', new Date(now + milliseconds).toUTCString()] as const;

describe('a message on arrival (RFC 3428 §7)', () => {
  it('is over when Expires seconds after its Date have passed', () => {
    const expired = [-61_000, -60_000, -59_000].map((ago) => isExpired(message(['Expires', '60'], date(ago)), now));
    assert.deepEqual(expired, [true, true, false]);
  });

  it('has only begun when it has no Date, and never is over without Expires', () => {
    assert.equal(isExpired(message(['Expires', '1']), now), false);
    assert.equal(isExpired(message(date(-86_400_000)), now), false);
  });

  it('is over at once when it expires after no time', () => assert.equal(isExpired(message(['Expires', '0']), now), true));
});
