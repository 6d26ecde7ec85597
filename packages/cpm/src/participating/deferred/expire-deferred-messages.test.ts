import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageUriId } from '../../common/identifiers.ts';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { OwedRequest, StoringOutcome } from '../../ports.ts';
import { noPreferences, type PreferenceRule, type Preferences } from '../../preferences/preferences.ts';
import { bob, now, served, surrounded } from '../terminating/in-memory-ports.fixture.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import type { QueueEntry } from './deferred-message.ts';
import { expireDeferredMessages } from './expire-deferred-messages.ts';

const cpim = (content: string) =>
  new TextEncoder().encode(
    [
      'From: <sip:alice@cpm.test>',
      'To: <sip:bob@cpm.test>',
      'NS: imdn <urn:ietf:params:imdn>',
      'imdn.Message-ID: m1',
      'imdn.Disposition-Notification: positive-delivery, negative-delivery',
      '',
      content,
    ].join('\r\n'),
  );

const text = cpim('Content-Type: text/plain\r\n\r\nhello');
const notification = cpim('Content-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n<imdn/>');

function entry(body: Uint8Array, name = '1'): QueueEntry {
  const { request } = served('');
  const message = { ...request, headers: request.headers.with('Content-Type', 'message/cpim'), body };
  const { kind, originator, anonymous, conversationId, contributionId, messageId } = readStandaloneMessage(message);
  const ids = { conversationId, contributionId, messageId };
  return {
    owner: bob,
    id: messageUriId(`sip:${name}@cpm.test`),
    mode: 'pager',
    kind,
    originator,
    anonymous,
    ...ids,
    arrivedAt: now - 9,
    expiresAt: now - 1,
    request: message,
  };
}

const storing: PreferenceRule = { id: 'r', validity: [], identities: undefined, media: new Set(), actions: { expired: 'store' } };
const recordedAs = 7;

interface Expiry {
  readonly entries?: readonly QueueEntry[];
  readonly preferences?: Preferences;
  readonly recordedAs?: number;
  readonly storing?: StoringOutcome;
  readonly underWay?: readonly QueueEntry[];
}

async function expire({ entries = [entry(text)], underWay = [], ...more }: Expiry) {
  const { context, calls, outcomes } = surrounded(more);
  const removed: QueueEntry['id'][] = [];
  const owed: OwedRequest[] = [];
  const queue: TerminatingContext['ports']['deferredQueue'] = {
    ...context.ports.deferredQueue,
    expired: async (_now, limit, after) => entries.slice(after === undefined ? 0 : entries.indexOf(after) + 1).slice(0, limit),
    remove: async (_owner, id, because) => {
      removed.push(id);
      owed.push(...because);
      return true;
    },
    nextExpiry: async () => now + 500,
  };
  const pushes = { ...context.ports.pushes, isUnderWay: (id: QueueEntry['id']) => underWay.some((each) => each.id === id) };
  const next = await expireDeferredMessages({ ...context, ports: { ...context.ports, deferredQueue: queue, pushes } });
  return { next, removed, owed: owed.map(({ id }) => id.split(' ').at(-1)), calls, outcomes };
}

const preferences = { ...noPreferences, rules: [storing] };

describe('an expired message (B 8.3.1.6.8)', () => {
  it('is discarded, and its sender owed what he asked for (B-8.3.1.6.8-03, -12)', async () => {
    const { removed, owed, outcomes, next } = await expire({});
    assert.deepEqual([removed.length, owed, outcomes, next], [1, ['failed'], ['expired'], now + 500]);
  });

  it('goes into the message store when its recipient wants that, which answers the sender itself (B-8.3.1.6.8-13, -22)', async () => {
    const { removed, owed, outcomes, calls } = await expire({ preferences, recordedAs });
    assert.deepEqual([removed.length, owed, outcomes], [1, [], ['stored']]);
    assert.ok(calls.includes('store in the message store'));
  });

  for (const storing of [
    { kind: 'failed', reason: 'full' },
    { kind: 'absent', port: 'Recording' },
  ] as const)
    it(`is discarded with notice when the store is to take it and ${storing.kind === 'failed' ? 'does not' : 'is not there'}`, async () => {
      const { removed, owed, outcomes } = await expire({ preferences, storing });
      assert.deepEqual([removed.length, owed, outcomes], [1, ['failed'], ['expired']]);
    });

  it('that is a notification owes nothing and is not stored (decision 46)', async () => {
    const { removed, owed, calls } = await expire({ entries: [entry(notification)], preferences, recordedAs });
    assert.deepEqual([removed.length, owed], [1, []]);
    assert.ok(!calls.includes('store in the message store'));
  });

  it('waits for the end of its way to a client, and holds up none behind it', async () => {
    const entries = Array.from({ length: 60 }, (_, index) => entry(text, String(index)));
    const underWay = entries.slice(0, 45);
    const { removed } = await expire({ entries, underWay });
    assert.deepEqual(
      removed,
      entries.slice(45, 50).map(({ id }) => id),
    );
  });

  for (const [how, late, size] of [
    ['five at a time, so that nobody else waits long', 600_000, 5],
    ['twenty when they are late by more than ten minutes', 600_001, 20],
  ] as const)
    it(`is handled in passes, ${how}, and at once again when there are more`, async () => {
      const entries = Array.from({ length: 21 }, (_, index) => ({ ...entry(text, String(index)), expiresAt: now - late }));
      const { removed, next } = await expire({ entries });
      assert.deepEqual([removed.length, next], [size, now]);
    });
});
