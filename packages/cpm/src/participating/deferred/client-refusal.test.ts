import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contactHeader, Headers, Malformed, responseTo, type SipResponse } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { userId } from '../../common/identifiers.ts';
import { served } from '../terminating/in-memory-ports.fixture.ts';
import { clientRefusal, holdsConversation, isOwedTo, isRefreshed, registrationOf, standingOf } from './client-refusal.ts';
import type { ClientRefusal } from './deferred-message.ts';

const policy = { pushRetryFirstMilliseconds: 30_000, pushRetryMaxMilliseconds: 3_600_000 };
const now = 1_000_000;

function clientAt(text: string, path: readonly string[] = []): Binding {
  const contact = contactHeader.decode(text);
  assert.ok(!(contact instanceof Malformed) && contact !== '*');
  const times = { expiresAt: now + 1, registeredAt: now, transport: 'UDP', unreachable: false } as const;
  return {
    owner: userId('bob'),
    client: 'phone',
    contact: contact.uri,
    path,
    features: contact.parameters,
    services: new Set(),
    q: 1,
    ...times,
  };
}

const client = clientAt('<sip:bob@192.0.2.1>;+g.x="1";video');

function answered(status: number, retryAfter?: string): SipResponse {
  const headers = retryAfter === undefined ? Headers.of() : Headers.of(['Retry-After', retryAfter]);
  return responseTo(served('x').request, status, { headers });
}

function refusal(more: Partial<ClientRefusal>): ClientRefusal {
  return { status: 486, pauseMilliseconds: 30_000, retryAt: now + 30_000, refusedBy: undefined, ...more };
}

const after = (answer: SipResponse | 'not-sent' | undefined, before?: ClientRefusal) =>
  clientRefusal({ client, answer, before, now }, policy);
const waits = ({ retryAt }: ClientRefusal) => (retryAt - now) / 1000;

describe('what follows from a push without 2xx (decision 44)', () => {
  it('the pause begins with the first and doubles up to the longest, for refusals and silence alike', () => {
    for (const answer of [answered(486), undefined, 'not-sent'] as const) {
      const pauses: number[] = [];
      let before: ClientRefusal | undefined;
      for (let time = 0; time < 9; time += 1) {
        before = after(answer, before);
        pauses.push(waits(before));
      }
      assert.deepEqual(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    }
  });

  it('a pause that the client asks for counts, up to the longest; a short one no more than the pause before', () => {
    assert.equal(waits(after(answered(503, '5'))), 5);
    assert.equal(waits(after(answered(503, '0'))), 1);
    assert.equal(waits(after(answered(503, '700 (in a meeting);duration=60'))), 700);
    assert.equal(waits(after(answered(503, '99999'))), 3600);
    assert.equal(waits(after(answered(503, '5'), refusal({ pauseMilliseconds: 120_000 }))), 120);
    assert.equal(waits(after(answered(503, 'soon'))), 30);
  });

  const statuses = {
    forGood: [404, 405, 410, 413, 415, 416, 420, 488, 501, 513, 603, 606],
    forNow: [302, 400, 401, 403, 407, 480, 486, 500, 503, 600, 604],
  };
  for (const status of statuses.forGood)
    it(`${status} is for good, for this registration`, () => {
      assert.deepEqual(after(answered(status)), { status, pauseMilliseconds: 0, retryAt: 0, refusedBy: registrationOf(client) });
    });
  for (const status of statuses.forNow) it(`${status} is for now`, () => assert.deepEqual(after(answered(status)), refusal({ status })));
});

describe('what may be sent to a client', () => {
  const standing = (of: Partial<ClientRefusal>, occasion: 'registration' | 'heard' | 'timer', attempt = 1) =>
    standingOf({ attempt, refusal: refusal(of) }, client, occasion, now);

  it('a message that it has not been asked about, or whose time has come', () => {
    for (const occasion of ['registration', 'heard', 'timer'] as const) {
      assert.deepEqual(standingOf({ attempt: 0, refusal: undefined }, client, occasion, now), { kind: 'due' });
      assert.deepEqual(standing({ retryAt: now }, occasion), { kind: 'due' });
    }
  });

  it('what it refused for now waits, but not for a new registration; what met silence comes when it is heard of', () => {
    const later = { kind: 'later', at: now + 30_000, holds: true };
    assert.deepEqual([standing({}, 'timer'), standing({}, 'heard'), standing({}, 'registration')], [later, later, { kind: 'due' }]);
    assert.deepEqual([standing({ status: 0 }, 'timer').kind, standing({ status: 0 }, 'heard').kind], ['later', 'due']);
    const silence = { status: undefined };
    assert.deepEqual(standing(silence, 'timer'), { kind: 'silent', until: now + 30_000 });
    assert.deepEqual([standing(silence, 'heard'), standing(silence, 'registration')], [{ kind: 'due' }, { kind: 'due' }]);
  });

  it('what it refused for good waits for another registration', () => {
    assert.deepEqual(standing({ refusedBy: registrationOf(client) }, 'registration'), { kind: 'due' });
    for (const occasion of ['heard', 'timer'] as const) {
      assert.deepEqual(standing({ refusedBy: registrationOf(client) }, occasion), { kind: 'refused-for-good' });
      assert.deepEqual(standing({ refusedBy: 'another' }, occasion), { kind: 'due' });
    }
  });

  it('a message holds its conversation until it was refused three times', () => {
    const holds = (attempt: number, status = 486) => holdsConversation(attempt, { status });
    assert.deepEqual([holds(0), holds(1), holds(2), holds(3), holds(0, 0)], [true, true, true, false, false]);
    const owed = (of: Partial<ClientRefusal>, attempt: number) => isOwedTo(client, { attempt, refusal: refusal(of) });
    assert.ok(isOwedTo(client, { attempt: 0, refusal: undefined }));
    assert.deepEqual([owed({}, 2), owed({}, 3), owed({ status: undefined }, 9)], [true, false, true]);
    assert.deepEqual([owed({ refusedBy: registrationOf(client) }, 1), owed({ refusedBy: 'another' }, 1)], [false, true]);
  });
});

describe('when a binding is another one', () => {
  it('contact, tags or path differ; order and case of tags, times and what else a refresh changes do not', () => {
    for (const other of [
      '<sip:bob@192.0.2.2>;+g.x="1";video',
      '<sip:bob@192.0.2.1:5070>;+g.x="1";video',
      '<sip:bob@192.0.2.1>;+g.x="2";video',
      '<sip:bob@192.0.2.1>;+g.x="1"',
    ])
      assert.ok(!isRefreshed(client, clientAt(other)), other);
    assert.ok(!isRefreshed(client, clientAt('<sip:bob@192.0.2.1>;+g.x="1";video', ['<sip:edge.test;lr>'])));
    assert.ok(!isRefreshed(undefined, client));
    assert.ok(
      isRefreshed(client, {
        ...clientAt('<sip:bob@192.0.2.1>;video;+G.x="1";q=0.5;expires=60'),
        registeredAt: now + 9,
        expiresAt: now + 99,
      }),
    );
  });
});
