import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { DeferredMessageQueue } from '../../ports.ts';
import { noPreferences } from '../../preferences/preferences.ts';
import { served, surrounded } from '../terminating/in-memory-ports.fixture.ts';
import { deferStandaloneMessage } from './defer-standalone-message.ts';

type Stored = Awaited<ReturnType<DeferredMessageQueue['store']>>;

/** Defers a message that a client still has; `accepted` is what he says in the end. Resolves with what became of its copy. */
async function deferred(stored: Stored, accepted: boolean, removed: Awaited<ReturnType<DeferredMessageQueue['remove']>> = true) {
  const { context } = surrounded();
  const ends: string[] = [];
  const copy = {
    uid: 7,
    keep: () => void ends.push('kept'),
    remove: async (waiting?: string) => void ends.push(waiting === undefined ? 'removed' : 'removed if it waits'),
  };
  const received = served('From: <sip:alice@cpm.test>\r\n\r\nContent-Type: text/plain\r\n\r\nhello');
  const message = readStandaloneMessage(received.request);
  const deferredQueue = { ...context.ports.deferredQueue, store: async () => stored, remove: async () => removed };
  const answered = Promise.withResolvers<boolean>();
  const late = answered.promise.then((isAccepted) => (isAccepted ? { status: 200, byText: false } : undefined));
  const terminating = { ...received, message, preferences: noPreferences, known: [], copy };
  const { status } = await deferStandaloneMessage(
    terminating,
    { ...context, ports: { ...context.ports, deferredQueue } },
    { legs: [], late },
  );
  assert.deepEqual(ends, [], 'nothing while the client has not decided');
  answered.resolve(accepted);
  await turn();
  return [status, ...ends];
}

const fault = { kind: 'fault', temporary: false, reason: 'broken' } as const;

describe('the recorded copy of a message that is deferred while a client still has it (decision 43, B-8.3.1.1-28)', () => {
  it('stays when he accepts late, also when the message has left the queue before', async () => {
    assert.deepEqual(await deferred({ kind: 'stored' }, true), [202, 'kept']);
    assert.deepEqual(await deferred({ kind: 'stored' }, true, false), [202, 'kept']);
  });

  it('goes when he does not, while the message waits', async () => {
    assert.deepEqual(await deferred({ kind: 'stored' }, false), [202, 'removed if it waits']);
  });

  it('is decided by nobody when the message could not leave the queue', async () => {
    assert.deepEqual(await deferred({ kind: 'stored' }, true, fault), [202]);
  });

  it('is his decision as well when the queue has not taken the message', async () => {
    for (const [outcome, status] of [
      [{ kind: 'full' }, 480],
      [{ kind: 'duplicate' }, 202],
      [fault, 500],
    ] as const) {
      assert.deepEqual(await deferred(outcome, true), [status, 'kept']);
      assert.deepEqual(await deferred(outcome, false), [status, 'removed']);
    }
  });
});
