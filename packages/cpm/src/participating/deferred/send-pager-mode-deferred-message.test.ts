import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed, Parameters, parseUri } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { messageUriId } from '../../common/identifiers.ts';
import type { ClientAnswer, FailedAttempt, QueueFault } from '../../ports.ts';
import type { PreferenceRule, Preferences } from '../../preferences/preferences.ts';
import { bob, now, type Surroundings, served, surrounded } from '../terminating/in-memory-ports.fixture.ts';
import type { QueuedDelivery } from './deferred-message.ts';
import { sendPagerModeDeferredMessage } from './send-pager-mode-deferred-message.ts';

const contact = parseUri('sip:bob@192.0.2.7');
assert.ok(!(contact instanceof Malformed));

/** A client that knows no CPM: it gets the text when it refuses the rest. */
const plainClient: Binding = {
  owner: bob,
  client: 'phone',
  contact,
  path: [],
  features: Parameters.empty,
  services: new Set(),
  q: 1,
  expiresAt: now + 1,
  registeredAt: now - 1,
  transport: 'UDP',
  unreachable: false,
};

const { request } = served('From: <sip:alice@cpm.test>\r\nTo: <sip:bob@cpm.test>\r\n\r\nContent-Type: text/plain\r\n\r\nhello');

const entry: QueuedDelivery = {
  owner: bob,
  id: messageUriId('sip:1@cpm.test'),
  mode: 'pager',
  kind: 'message',
  originator: 'sip:alice@cpm.test',
  anonymous: false,
  conversationId: undefined,
  contributionId: undefined,
  messageId: undefined,
  arrivedAt: now,
  expiresAt: now + 1000,
  request: { ...request, headers: request.headers.with('Content-Type', 'message/cpim') },
  position: 1,
  attempt: 0,
  refusal: undefined,
};

const recording: PreferenceRule = {
  id: 'r',
  validity: [],
  identities: undefined,
  media: new Set(['standalone']),
  actions: { offlineStorage: true },
};
const preferences: Preferences = { blockedContacts: new Set(), rules: [recording] };

async function push(more: Surroundings, removed: boolean | QueueFault = true): Promise<readonly string[]> {
  const { context, calls } = surrounded({ preferences, recordedAs: 7, ...more });
  const deferredQueue = { ...context.ports.deferredQueue, remove: async () => removed };
  const accepted = () => undefined;
  await sendPagerModeDeferredMessage({ entry, client: plainClient, accepted }, { ...context, ports: { ...context.ports, deferredQueue } });
  return calls;
}

describe('the recorded copy that a push names (B-8.3.1.6.6-08, -11)', () => {
  it('stays when the client accepts the message', async () => {
    assert.deepEqual(await push({ clientAnswers: 200 }), ['record', 'to phone with UID 7', 'keep 7']);
  });

  it('goes when the client refuses or is silent, while the message waits', async () => {
    for (const more of [{ clientAnswers: 486 }, {}]) {
      assert.deepEqual(await push(more), ['record', 'to phone with UID 7', 'remove 7 if it waits']);
    }
  });

  it('goes when the client refuses the text inside as well, and not before', async () => {
    const calls = ['record', 'to phone with UID 7', 'to phone with UID 7', 'remove 7 if it waits'];
    assert.deepEqual(await push({ clientAnswers: 415 }), calls);
  });

  it('is decided by nobody when the client has accepted a message that is still in the queue', async () => {
    const calls = ['record', 'to phone with UID 7', 'fault: remove a delivered message'];
    assert.deepEqual(await push({ clientAnswers: 200 }, { kind: 'fault', temporary: true, reason: 'busy' }), calls);
  });
});

describe('the attempt of a push (B-8.3.1.6.6-11)', () => {
  const attempts = async (answered: ClientAnswer): Promise<readonly boolean[]> => {
    const { context } = surrounded();
    const counted: boolean[] = [];
    const ports = {
      ...context.ports,
      sipCore: { ...context.ports.sipCore, toClient: () => Promise.resolve(answered) },
      deferredQueue: {
        ...context.ports.deferredQueue,
        attemptFailed: async ({ nextAttempt }: FailedAttempt) => {
          counted.push(nextAttempt);
          return undefined;
        },
      },
    };
    await sendPagerModeDeferredMessage({ entry, client: plainClient, accepted: () => undefined }, { ...context, ports });
    return counted;
  };

  it('ends by silence, and with it the names', async () => {
    assert.deepEqual(await attempts({ kind: 'unreachable', reason: 'no answer' }), [true]);
  });

  it('goes on when nothing could be sent: the client may know the message by these names', async () => {
    assert.deepEqual(await attempts({ kind: 'unreachable', reason: 'the flow is gone', untried: true }), [false]);
  });
});
