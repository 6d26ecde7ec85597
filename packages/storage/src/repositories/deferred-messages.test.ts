import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type ClientRefusal, conversationId, type DeferredMessage, type FailedAttempt, messageUriId, userId } from '@opencpm/cpm';
import { Headers } from '@opencpm/sip';
import type { Database } from '../database.ts';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { rowsOf } from '../testing/statements.ts';
import { DeferredMessages } from './deferred-messages.ts';
import { OutboxRows } from './outbox.ts';
import { Users } from './users.ts';

const bob = userId('owner-bob');
const limits = { messagesPerUser: 100, octetsPerUser: 100_000, duplicateKeysPerUser: 100, duplicateWindowMilliseconds: 1000 };
const conversation = conversationId('conversation');
const id = messageUriId('sip:0001@cpm.test');

function message(name: string, more: Partial<DeferredMessage> = {}): DeferredMessage {
  const headers = Headers.of(['From', '<sip:alice@cpm.test>;tag=1'], ['Content-Type', 'message/cpim']);
  return {
    owner: bob,
    id: messageUriId(`sip:${name}@cpm.test`),
    mode: 'pager',
    kind: 'message',
    originator: 'sip:alice@cpm.test',
    anonymous: false,
    conversationId: conversation,
    contributionId: undefined,
    messageId: undefined,
    duplicateKey: `alice ${name}`,
    arrivedAt: 100,
    expiresAt: 10_000,
    request: { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers, body: new TextEncoder().encode(name) },
    ...more,
  };
}

const busy: ClientRefusal = { status: 486, pauseMilliseconds: 30_000, retryAt: 31_000, refusedBy: undefined };
const never: ClientRefusal = { status: 415, pauseMilliseconds: 0, retryAt: 0, refusedBy: 'sip:bob@192.0.2.1\n;+g.x' };
const silent: ClientRefusal = { status: undefined, pauseMilliseconds: 60_000, retryAt: 61_000, refusedBy: undefined };
const failedAt = (client: string, refusal: ClientRefusal, nextAttempt = true): FailedAttempt => ({
  owner: bob,
  id,
  client,
  refusal,
  nextAttempt,
});

function rows<T>(result: readonly T[] | { readonly kind: 'fault' }): readonly T[] {
  assert.ok(!('kind' in result));
  return result;
}

eachEngine('the deferred message queue', (open) => {
  const migrated = async (test: TestContext): Promise<Database> => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    const bobsAccount = { name: 'bob', source: 'database', realm: 'r', ha1: { MD5: 'm', 'SHA-256': 's' }, loopbackOnly: false } as const;
    assert.deepEqual(await new Users(database).add({ ...bobsAccount, owner: bob, identities: [] }, 1), { kind: 'done' });
    return database;
  };
  const queueOf = async (test: TestContext, more: Partial<typeof limits> = {}) => {
    const database = await migrated(test);
    return { database, queue: new DeferredMessages(database, { ...limits, ...more }) };
  };
  const waiting = async (queue: DeferredMessages, client = 'phone') => rows(await queue.waiting(bob, { client, now: 0, limit: 100 }));

  it('positions are in the order of the commits, whatever the names, also of messages that are stored at once', async (test) => {
    const { database, queue } = await queueOf(test);
    const names = Array.from({ length: 40 }, (_, index) => String((index * 7) % 40).padStart(4, '0'));
    await Promise.all(names.map((name) => queue.store(message(name))));
    const entries = await waiting(queue);
    assert.deepEqual(
      entries.map(({ position }) => position),
      names.map((_, index) => index + 1),
    );
    if (database.engine === 'sqlite') {
      assert.deepEqual(
        entries.map((entry) => new TextDecoder().decode(entry.request.body)),
        names,
      );
    }
  });

  it('who reads while messages are stored never finds one before what he has read', async (test) => {
    const { queue } = await queueOf(test);
    const stored = Promise.all(Array.from({ length: 60 }, (_, index) => queue.store(message(String(index)))));
    let seen = 0;
    while (seen < 60) {
      const entries = await waiting(queue);
      assert.deepEqual(
        entries.map(({ position }) => position),
        entries.map((_, index) => index + 1),
      );
      seen = entries.length;
    }
    await stored;
  });

  it('a position is never given twice, also when the queue was empty meanwhile, and none is left out by a duplicate', async (test) => {
    const { queue } = await queueOf(test);
    await queue.store(message('0001'));
    await queue.remove(bob, id, []);
    assert.deepEqual(await queue.store(message('0001b', { duplicateKey: 'alice 0001' })), { kind: 'duplicate' });
    await queue.store(message('0002'));
    assert.deepEqual(
      (await waiting(queue)).map(({ position }) => position),
      [2],
    );
  });

  it('what a client made of a message stands beside it, for that client alone, and goes with the message', async (test) => {
    const { queue } = await queueOf(test);
    await queue.store(message('0001'));
    for (const failed of [failedAt('phone', busy, false), failedAt('phone', busy), failedAt('tablet', never), failedAt('tv', silent)])
      assert.equal(await queue.attemptFailed(failed), undefined);
    const at = async (client: string) => (await waiting(queue, client)).map(({ attempt, refusal }) => ({ attempt, refusal }));
    assert.deepEqual(await at('phone'), [{ attempt: 1, refusal: busy }]);
    assert.deepEqual(await at('tablet'), [{ attempt: 1, refusal: never }]);
    assert.deepEqual(await at('tv'), [{ attempt: 1, refusal: silent }]);
    assert.deepEqual(await at('watch'), [{ attempt: 0, refusal: undefined }]);
    assert.equal(await queue.attemptFailed(failedAt('phone', never)), undefined);
    assert.deepEqual(rows(await queue.attempts(bob, id)), [
      { client: 'phone', attempts: 2, refusal: never },
      { client: 'tablet', attempts: 1, refusal: never },
      { client: 'tv', attempts: 1, refusal: silent },
    ]);
    await queue.remove(bob, id, []);
    assert.equal(await queue.attemptFailed(failedAt('phone', busy)), undefined);
    assert.deepEqual(rows(await queue.attempts(bob, id)), []);
  });

  it('neither failed attempts nor another look at it change when a message expires', async (test) => {
    const { database, queue } = await queueOf(test);
    await queue.store(message('0001'));
    await queue.attemptFailed(failedAt('phone', silent));
    await queue.store(message('0001', { expiresAt: 90_000, arrivedAt: 200 }));
    const again = new DeferredMessages(database, limits);
    assert.deepEqual(
      (await waiting(again)).map(({ expiresAt }) => expiresAt),
      [10_000],
    );
  });

  it('shows what waits in a conversation, with what each client made of it; no notifications, nothing expired', async (test) => {
    const { queue } = await queueOf(test);
    await queue.store(message('0001'));
    await queue.store(message('0002', { kind: 'notification' }));
    await queue.store(message('0003', { expiresAt: 50 }));
    await queue.store(message('0004', { conversationId: conversationId('another') }));
    await queue.attemptFailed(failedAt('phone', busy));
    const [only, ...more] = rows(await queue.waitingInConversation(bob, conversation, 100));
    assert.deepEqual([only?.id, more.length], [id, 0]);
    assert.deepEqual([...(only?.attempts ?? [])], [['phone', { attempt: 1, refusal: busy }]]);
  });

  it('nothing waits in a conversation once the queue was empty, and something does as soon as a message is stored', async (test) => {
    const { database, queue } = await queueOf(test);
    await queue.store(message('0001'));
    const restarted = new DeferredMessages(database, limits);
    assert.equal(rows(await restarted.waitingInConversation(bob, conversation, 0)).length, 1);
    await restarted.owners();
    assert.equal(rows(await restarted.waitingInConversation(bob, conversation, 0)).length, 1);
    await restarted.remove(bob, id, []);
    for (let look = 0; look < 2; look += 1) assert.deepEqual(await restarted.waitingInConversation(bob, conversation, 0), []);
    await restarted.store(message('0002'));
    assert.equal(rows(await restarted.waitingInConversation(bob, conversation, 0)).length, 1);
  });

  it('a conversation whose id no index can hold has no order, and its message is stored', async (test) => {
    const { queue } = await queueOf(test);
    const endless = conversationId('c'.repeat(4000));
    assert.deepEqual(await queue.store(message('0001', { conversationId: endless })), { kind: 'stored' });
    assert.equal((await waiting(queue))[0]?.conversationId, undefined);
  });

  it('expired messages come page by page, also those of one millisecond', async (test) => {
    const { queue } = await queueOf(test);
    for (const [name, expiresAt] of [
      ['0003', 20],
      ['0001', 20],
      ['0002', 20],
      ['0005', 30],
      ['0004', 10],
    ] as const)
      await queue.store(message(name, { expiresAt }));
    const first = rows(await queue.expired(25, 2));
    const second = rows(await queue.expired(25, 2, first[1]));
    assert.deepEqual(
      [...first, ...second].map((entry) => entry.id),
      ['0004', '0001', '0002', '0003'].map((name) => `sip:${name}@cpm.test`),
    );
    assert.deepEqual(await queue.expired(25, 2, second[1]), []);
  });

  it('a user’s queue holds so many octets; a message that passes it is one too many, and room comes back', async (test) => {
    const { database, queue } = await queueOf(test, { octetsPerUser: 400 });
    const big = message('0001', { request: { ...message('').request, body: new Uint8Array(150) } });
    const tooBig = { ...big, request: { ...big.request, body: new Uint8Array(400) } };
    assert.deepEqual(await queue.store(tooBig), { kind: 'full' });
    assert.deepEqual(await queue.store(big), { kind: 'stored' });
    assert.deepEqual(await queue.store({ ...big, id: messageUriId('sip:0002@cpm.test'), duplicateKey: 'b' }), { kind: 'full' });
    assert.deepEqual(await queue.store(message('0003')), { kind: 'stored' });
    await queue.remove(bob, id, []);
    assert.deepEqual(await queue.store({ ...big, id: messageUriId('sip:0004@cpm.test'), duplicateKey: 'd' }), { kind: 'stored' });
    const sizes = await rowsOf(database, 'SELECT messages, octets FROM queue_sizes');
    const stored = await rowsOf(database, 'SELECT COUNT(*) AS messages, SUM(LENGTH(request)) AS octets FROM deferred_messages');
    assert.deepEqual(
      sizes.map(({ messages, octets }) => [Number(messages), Number(octets)]),
      stored.map(({ messages, octets }) => [Number(messages), Number(octets)]),
    );
  });

  it('of a user’s duplicate keys the oldest are forgotten', async (test) => {
    const { queue } = await queueOf(test, { duplicateKeysPerUser: 2 });
    const keys = async () => rows(await queue.recentKeys(0, 9)).map(({ key }) => key);
    for (const [index, name] of ['0001', '0002', '0003'].entries()) await queue.store(message(name, { arrivedAt: 61 + index }));
    assert.deepEqual(await keys(), ['alice 0003', 'alice 0002', 'alice 0001'], 'not with every message');
    await queue.store(message('0004', { arrivedAt: 64 }));
    assert.deepEqual(await keys(), ['alice 0004', 'alice 0003']);
  });

  it('of the notifications that cannot be sent in a user’s name the oldest are forgotten', async (test) => {
    const outbox = new OutboxRows(await migrated(test), 2);
    const { request } = message('');
    for (const expiresAt of [300, 100, 200]) await outbox.insert({ id: `n${expiresAt}`, owner: bob, request, expiresAt });
    for (const row of rows(await outbox.due(0, 9))) await outbox.retryAt(row, 50);
    assert.deepEqual(
      rows(await outbox.due(50, 9))
        .map((row) => row.id)
        .sort(),
      ['n200', 'n300'],
    );
  });
});
