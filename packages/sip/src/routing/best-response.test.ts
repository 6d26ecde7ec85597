import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../message/headers.ts';
import { emptyBody } from '../message/message.ts';
import { type BranchEnd, bestResponse } from './best-response.ts';

function received(status: number, headers = Headers.of()): BranchEnd {
  return { kind: 'received', response: { kind: 'response', status, reason: `Reason ${status}`, headers, body: emptyBody } };
}

function best(...statuses: readonly number[]): number | undefined {
  const end = bestResponse(
    statuses.map((status) => received(status)),
    true,
  );
  return end?.kind === 'received' ? end.response.status : end?.status;
}

describe('the best response (RFC 3261 §16.7 step 6)', () => {
  it('is a 6xx before all, else of the lowest class', () => {
    assert.equal(best(404, 603, 301), 603);
    assert.equal(best(500, 404, 302), 302);
    assert.equal(best(502, 486), 486);
    assert.equal(best(), undefined);
  });

  it('is of 4xx what helps its receiver, then what says why, the first that came of equal ones', () => {
    assert.equal(best(486, 415, 407), 407);
    assert.equal(best(486, 484), 484);
    assert.equal(best(487, 408, 486, 404), 486);
    assert.equal(best(404, 486), 404);
  });

  it('asks for the credentials of everybody who asked (step 7)', () => {
    const end = bestResponse(
      [
        received(407, Headers.of(['Proxy-Authenticate', 'Digest realm="a"'])),
        received(486),
        received(401, Headers.of(['WWW-Authenticate', 'Digest realm="b"'], ['Server', 'x'])),
        received(407, Headers.of(['Proxy-Authenticate', 'Digest realm="c"'])),
      ],
      true,
    );
    assert.ok(end?.kind === 'received');
    assert.equal(end.response.status, 407);
    assert.deepEqual(
      end.response.headers.raw.map(({ name, value }) => `${name}: ${value}`),
      ['Proxy-Authenticate: Digest realm="a"', 'WWW-Authenticate: Digest realm="b"', 'Proxy-Authenticate: Digest realm="c"'],
    );
  });

  it('is 500 in place of 503, which would say that we take no requests', () => {
    const end = bestResponse([received(503, Headers.of(['Retry-After', '60'], ['Warning', '399 x "y"']))], true);
    assert.ok(end?.kind === 'received');
    assert.deepEqual([end.response.status, end.response.reason], [500, 'Server Internal Error']);
    assert.deepEqual(
      end.response.headers.raw.map(({ name }) => name),
      ['Warning'],
    );
    assert.deepEqual(bestResponse([{ kind: 'made', status: 503 }], true), { kind: 'made', status: 500 });
  });

  it('is not 408 to anything but INVITE (RFC 4320 §4.2)', () => {
    const silent: BranchEnd = { kind: 'made', status: 408 };
    assert.equal(bestResponse([silent, received(408)], false), undefined);
    assert.deepEqual(bestResponse([silent], true), silent);
    assert.deepEqual(bestResponse([silent, received(404)], false), received(404));
  });
});
