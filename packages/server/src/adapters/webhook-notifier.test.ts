import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OutOfBandNotice, type UserId, userId } from '@opencpm/cpm';
import { settle, VirtualClock } from '@opencpm/testkit';
import { WebhookNotifier } from './webhook-notifier.ts';

const bob = userId('owner-bob');
const waiting: OutOfBandNotice = { kind: 'waiting', message: { reference: 'sip:1@cpm.test', dateTime: 0, size: 3, expiry: 9 } };

function notifier(answer: () => Promise<number> = () => Promise.resolve(204)) {
  const posted: string[] = [];
  const warnings: string[] = [];
  const clock = new VirtualClock();
  const log = {
    debugging: false,
    error: () => undefined,
    info: () => undefined,
    debug: () => undefined,
    warn: (_fields: object, text: string) => void warnings.push(text),
  };
  const ha1 = { MD5: '', 'SHA-256': '' };
  const identities = [{ address: 'sip:bob@cpm.test', uri: 'sip:bob@cpm.test' }];
  const user = { owner: bob, name: 'bob', source: 'database', realm: '', ha1, loopbackOnly: false, identities } as const;
  const directory = { byOwner: (owner: UserId) => (owner === bob ? user : undefined) };
  const postJson = (url: string, body: string) => {
    posted.push(`${url} ${body}`);
    return answer();
  };
  const options = { url: 'http://push.test/notice', quietMilliseconds: 60_000 };
  return { posted, warnings, clock, notifier: new WebhookNotifier(options, { postJson, directory, clock, log }) };
}

test('a notice is one POST with the user, his addresses and the message', () => {
  const { notifier: told, posted } = notifier();
  told.notify(bob, waiting);
  assert.deepEqual(posted, [
    `http://push.test/notice ${JSON.stringify({ event: 'waiting', user: 'bob', identities: ['sip:bob@cpm.test'], messages: [waiting.message] })}`,
  ]);
});

test('further notices that messages wait are left out for a while, those of expiry are not', async () => {
  const { notifier: told, posted, clock } = notifier();
  told.notify(bob, waiting);
  told.notify(bob, waiting);
  told.notify(bob, { ...waiting, kind: 'expired' });
  assert.equal(posted.length, 2);
  await clock.runFor(60_000);
  told.notify(bob, waiting);
  assert.equal(posted.length, 3);
});

test('a webhook that refuses or does not answer is a warning and no more', async () => {
  for (const answer of [() => Promise.resolve(500), () => Promise.reject(new Error('nobody there'))]) {
    const { notifier: told, warnings } = notifier(answer);
    told.notify(bob, waiting);
    await settle();
    assert.deepEqual(warnings, ['A notice did not reach the webhook.']);
  }
});

test('no more than a bounded number is on its way', () => {
  const { notifier: told, posted, warnings } = notifier(() => new Promise(() => undefined));
  for (let count = 0; count < 70; count += 1) told.notify(bob, { ...waiting, kind: 'expired' });
  assert.equal(posted.length, 64);
  assert.equal(warnings.length, 6);
});

test('nobody is told for a user who is not there any more', async () => {
  const { notifier: told, posted } = notifier();
  told.notify(userId('owner-gone'), waiting);
  await settle();
  assert.deepEqual(posted, []);
});
