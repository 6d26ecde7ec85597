import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed, Parameters, parseUri } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { messageUriId } from '../../common/identifiers.ts';
import { noPreferences } from '../../preferences/preferences.ts';
import { bob, now, served, surrounded } from '../terminating/in-memory-ports.fixture.ts';
import type { QueuedDelivery } from './deferred-message.ts';
import { PushPass } from './push-pass.ts';

const contact = parseUri('sip:bob@192.0.2.7');
assert.ok(!(contact instanceof Malformed));

const client: Binding = {
  owner: bob,
  client: 'phone',
  contact,
  path: [],
  features: Parameters.empty,
  services: new Set(['msg']),
  q: 1,
  expiresAt: now + 1000,
  registeredAt: now - 1,
  transport: 'UDP',
  unreachable: false,
};

const { request } = served('From: <sip:alice@cpm.test>\r\nTo: <sip:bob@cpm.test>\r\n\r\nContent-Type: text/plain\r\n\r\nhello');

function entry(position: number): QueuedDelivery {
  return {
    owner: bob,
    id: messageUriId(`sip:${position}@cpm.test`),
    mode: 'pager',
    kind: 'message',
    originator: 'sip:alice@cpm.test',
    anonymous: false,
    conversationId: undefined,
    contributionId: undefined,
    messageId: undefined,
    arrivedAt: now,
    expiresAt: now + 1000,
    request,
    position,
    attempt: 0,
    refusal: undefined,
  };
}

/** A pass over so many messages that the client takes at once; `remove` is how they leave the queue. */
function pass(messages: number, remove: (id: string) => Promise<boolean>) {
  const { context, calls } = surrounded({ clients: [client], clientAnswers: 200 });
  const entries = Array.from({ length: messages }, (_, index) => entry(index + 1));
  const deferredQueue = {
    ...context.ports.deferredQueue,
    waiting: async (_owner: unknown, { after = 0, limit }: { readonly after?: number; readonly limit: number }) =>
      entries.filter(({ position }) => position > after).slice(0, limit),
    remove: (_owner: unknown, id: string) => remove(id),
  };
  const { signal } = new AbortController();
  const push = { owner: bob, client, occasion: 'registration', preferences: noPreferences, signal } as const;
  const run = new PushPass(push, { ...context, ports: { ...context.ports, deferredQueue } }).run();
  return { run, sent: () => calls.filter((call) => call.startsWith('to phone')).length };
}

/** All that follows by promises alone. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a pass over the queue for one client (B-8.3.1.6.2)', () => {
  it('sends the next message while the queue forgets those that the client has taken, up to 32 of them', async () => {
    const forgotten = Promise.withResolvers<boolean>();
    const { run, sent } = pass(120, () => forgotten.promise);
    await settled();
    assert.equal(sent(), 32);
    forgotten.resolve(true);
    assert.equal(await run, undefined);
    assert.equal(sent(), 120);
  });

  it('that meets a failure sends nothing more, and ends with it when all that is under way has ended', async () => {
    const other = Promise.withResolvers<boolean>();
    const { run, sent } = pass(120, (id) => (id === 'sip:1@cpm.test' ? Promise.reject(new Error('no such table')) : other.promise));
    let isOver = false;
    const over = assert.rejects(run, /no such table/).then(() => {
      isOver = true;
    });
    await settled();
    const sentByThen = sent();
    assert.equal(isOver, false);
    other.resolve(true);
    await over;
    assert.equal(sent(), sentByThen);
    assert.ok(sentByThen < 120);
  });
});
