import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { contributionId, conversationId, type DeferredMessage, messageId, messageUriId, type OwedRequest, userId } from '@opencpm/cpm';
import { Headers, type SipRequest } from '@opencpm/sip';
import type { Database } from '../database.ts';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine, type OpenForTest } from '../testing/each-engine.ts';
import { Bindings, type StoredBinding } from './bindings.ts';
import { DeferredMessages } from './deferred-messages.ts';
import { OutboxRows } from './outbox.ts';
import { serverKey } from './server-keys.ts';
import { type StoredUser, Users } from './users.ts';

const bob = userId('owner-bob');
const limits = { messagesPerUser: 3, octetsPerUser: 10_000, duplicateKeysPerUser: 100, duplicateWindowMilliseconds: 1000 };

function request(text: string): SipRequest {
  const headers = Headers.of(['From', '<sip:alice@cpm.test>;tag=1'], ['X-Octets', '\u00e9\u00ff'], ['Content-Type', 'message/cpim']);
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers, body: new TextEncoder().encode(text) };
}

function message(id: string, more: Partial<DeferredMessage> = {}): DeferredMessage {
  return {
    owner: bob,
    id: messageUriId(`sip:${id}@cpm.test`),
    mode: 'pager',
    kind: 'message',
    originator: 'sip:alice@cpm.test',
    anonymous: false,
    conversationId: conversationId('conversation'),
    contributionId: contributionId('contribution'),
    messageId: messageId(`imdn-${id}`),
    duplicateKey: `alice ${id}`,
    arrivedAt: 100,
    expiresAt: 10_000,
    request: request(`text of ${id}`),
    ...more,
  };
}

const queueOwner: StoredUser = {
  owner: bob,
  name: 'bob',
  source: 'database',
  realm: 'r',
  ha1: { MD5: 'm', 'SHA-256': 's' },
  loopbackOnly: false,
  identities: [],
};

const owed: OwedRequest = { id: 'notification 1', owner: bob, request: request('owed'), expiresAt: 50_000 };

async function migrated(test: TestContext, open: OpenForTest): Promise<Database> {
  const database = await open(test);
  assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
  return database;
}

function rows<T>(result: readonly T[] | { readonly kind: 'fault' }): readonly T[] {
  assert.ok(!('kind' in result));
  return result;
}

eachEngine('repositories', (open) => {
  const queueOf = async (test: TestContext) => {
    const database = await migrated(test, open);
    assert.deepEqual(await new Users(database).add(queueOwner, 1), { kind: 'done' });
    return { database, queue: new DeferredMessages(database, limits) };
  };

  it('the queue gives back what was stored, with octets and ids untouched, in the order of the commits', async (test) => {
    const { queue } = await queueOf(test);
    const second = message('0002', {
      conversationId: undefined,
      messageId: undefined,
      duplicateKey: undefined,
      anonymous: true,
      kind: 'notification',
    });
    assert.deepEqual(await queue.store(second), { kind: 'stored' });
    assert.deepEqual(await queue.store(message('0001')), { kind: 'stored' });
    const waiting = rows(await queue.waiting(bob, { client: 'phone', now: 200, limit: 10 }));
    assert.deepEqual(
      waiting.map((entry) => entry.id),
      ['sip:0002@cpm.test', 'sip:0001@cpm.test'],
    );
    const [other, first] = waiting;
    assert.ok(first !== undefined && other !== undefined);
    assert.equal(new TextDecoder().decode(first.request.body), 'text of 0001');
    assert.equal(first.request.headers.text('X-Octets'), '\u00e9\u00ff');
    assert.equal(first.attempt, 0);
    assert.deepEqual(
      { ...other, request: undefined, attempt: 0, duplicateKey: undefined },
      { ...second, request: undefined, attempt: 0, position: 1, refusal: undefined },
    );
  });

  it('the queue pages behind an id and leaves out what has expired', async (test) => {
    const { queue } = await queueOf(test);
    for (const id of ['0001', '0002', '0003']) await queue.store(message(id, { expiresAt: id === '0002' ? 150 : 10_000 }));
    const first = rows(await queue.waiting(bob, { client: 'phone', now: 200, limit: 1 }));
    assert.deepEqual(
      first.map((entry) => entry.id),
      ['sip:0001@cpm.test'],
    );
    const rest = rows(await queue.waiting(bob, { client: 'phone', now: 200, limit: 9, after: first[0]?.position ?? 0 }));
    assert.deepEqual(
      rest.map((entry) => entry.id),
      ['sip:0003@cpm.test'],
    );
    assert.deepEqual(
      rows(await queue.expired(200, 9)).map((entry) => entry.id),
      ['sip:0002@cpm.test'],
    );
    assert.equal(await queue.nextExpiry(0), 150);
    assert.equal(await queue.nextExpiry(150), 10_000);
  });

  it('the same message is stored once within the window, also when it was delivered meanwhile, and again after it', async (test) => {
    const { queue } = await queueOf(test);
    assert.deepEqual(await queue.store(message('0001', { duplicateKey: 'same' })), { kind: 'stored' });
    assert.equal(await queue.remove(bob, messageUriId('sip:0001@cpm.test'), []), true);
    assert.deepEqual(await queue.store(message('0002', { duplicateKey: 'same', arrivedAt: 1099 })), { kind: 'duplicate' });
    assert.equal(await queue.count(), 0);
    assert.deepEqual(await queue.store(message('0003', { duplicateKey: 'same', arrivedAt: 1100 })), { kind: 'stored' });
  });

  it('a full queue refuses, a duplicate does not fill it, and room comes back with each removal', async (test) => {
    const { queue } = await queueOf(test);
    for (const id of ['0001', '0002']) await queue.store(message(id));
    assert.deepEqual(await queue.store(message('0002b', { duplicateKey: 'alice 0002' })), { kind: 'duplicate' });
    await queue.store(message('0003'));
    assert.deepEqual(await queue.store(message('0004')), { kind: 'full' });
    assert.deepEqual(await queue.store(message('0002c', { duplicateKey: 'alice 0002' })), { kind: 'duplicate' });
    assert.equal(await queue.count(bob), 3);
    assert.equal(await queue.remove(bob, messageUriId('sip:0001@cpm.test'), []), true);
    assert.deepEqual(await queue.store(message('0004')), { kind: 'stored' });
  });

  it('a message that is there already, by its key or by its id, is a duplicate and counts once', async (test) => {
    const { queue } = await queueOf(test);
    const unkeyed = message('0001', { duplicateKey: undefined });
    assert.deepEqual(await queue.store(unkeyed), { kind: 'stored' });
    assert.deepEqual(await queue.store(unkeyed), { kind: 'duplicate' });
    assert.equal(await queue.count(), 1);
  });

  it('nothing is stored for a user who is not there', async (test) => {
    const { queue } = await queueOf(test);
    assert.deepEqual(await queue.store(message('0001', { owner: userId('gone') })), { kind: 'full' });
    assert.equal(rows(await queue.list(undefined, 9)).length, 0);
  });

  it('removing takes the message once and keeps what is owed because of it in the same commit', async (test) => {
    const { database, queue } = await queueOf(test);
    const outbox = new OutboxRows(database);
    await queue.store(message('0001'));
    assert.equal(await queue.remove(bob, messageUriId('sip:0001@cpm.test'), [owed]), true);
    assert.equal(await queue.remove(bob, messageUriId('sip:0001@cpm.test'), [{ ...owed, id: 'another' }]), false);
    assert.deepEqual(
      rows(await outbox.due(0, 9)).map((row) => row.id),
      ['notification 1'],
    );
    assert.equal(await queue.nextExpiry(0), undefined);
  });

  it('a restarted server learns the keys that are still in their window, and forgets the others', async (test) => {
    const { queue } = await queueOf(test);
    await queue.store(message('0001', { arrivedAt: 0 }));
    await queue.store(message('0002', { arrivedAt: 500 }));
    assert.deepEqual(rows(await queue.recentKeys(1200, 9)), [{ key: 'alice 0002', expiresAt: 1500 }]);
    assert.equal(await queue.forgetKeys(1200), undefined);
    assert.deepEqual(
      rows(await queue.recentKeys(0, 9)).map(({ key }) => key),
      ['alice 0002'],
    );
  });

  it('of several nodes that saw the same owed request one claims it, until a time', async (test) => {
    const outbox = new OutboxRows(await migrated(test, open));
    await outbox.insert(owed);
    const [row] = rows(await outbox.due(10, 9));
    assert.ok(row !== undefined);
    assert.deepEqual((await Promise.all([outbox.claim(row, 100), outbox.claim(row, 100)])).toSorted(), [false, true]);
    assert.deepEqual(rows(await outbox.due(99, 9)), []);
    const [again] = rows(await outbox.due(100, 9));
    assert.ok(again !== undefined);
    assert.deepEqual([again.attempts, await outbox.claim(row, 200), await outbox.claim(again, 200)], [0, false, true]);
  });

  it('the outbox keeps one row for one id, tries it later and lets it go', async (test) => {
    const outbox = new OutboxRows(await migrated(test, open));
    await outbox.insert(owed);
    await outbox.insert(owed);
    const [row] = rows(await outbox.due(10, 9));
    assert.ok(row !== undefined);
    assert.equal(row.request.uri, 'sip:bob@cpm.test');
    await outbox.retryAt(row, 77);
    assert.deepEqual(rows(await outbox.due(76, 9)), []);
    assert.equal(rows(await outbox.due(77, 9))[0]?.attempts, 1);
    assert.equal(await outbox.nextDue(), 77);
    await outbox.remove(row);
    assert.equal(await outbox.count(), 0);
  });

  it('users come back with their identities in order; a name or identity belongs to one of them', async (test) => {
    const users = new Users(await migrated(test, open));
    const user: StoredUser = {
      owner: bob,
      name: 'bob',
      source: 'database',
      realm: 'cpm.test',
      ha1: { MD5: 'm', 'SHA-256': 's' },
      loopbackOnly: false,
      identities: [
        { address: 'tel:+15550002', uri: 'tel:+1-555-0002' },
        { address: 'sip:bob@cpm.test', uri: 'sip:bob@cpm.test' },
      ],
    };
    assert.deepEqual(await users.add(user, 1), { kind: 'done' });
    assert.deepEqual(await users.page(undefined, 10), [user]);
    assert.deepEqual(await users.add({ ...user, owner: userId('other') }, 1), { kind: 'conflict' });
    assert.deepEqual(await users.add({ ...user, owner: userId('other'), name: 'rob' }, 1), { kind: 'conflict' });
    assert.equal(rows(await users.page(undefined, 10)).length, 1);
    const changed: StoredUser = { ...user, identities: user.identities.slice(1), ha1: { MD5: 'x', 'SHA-256': 'y' } };
    assert.deepEqual(await users.update(changed), { kind: 'done' });
    assert.deepEqual(await users.page(undefined, 10), [changed]);
    const carol = { ...changed, owner: userId('z'), name: 'carol', identities: [{ address: 'sip:c@cpm.test', uri: 'sip:c@cpm.test' }] };
    assert.deepEqual(await users.add(carol, 1), { kind: 'done' });
    assert.deepEqual(await users.page(undefined, 1), [changed]);
    assert.deepEqual(await users.page(changed.owner, 1), [carol]);
    assert.deepEqual(await users.page(carol.owner, 1), []);
  });

  it('removing a user removes all that is his, but not what is owed in his name', async (test) => {
    const { database, queue } = await queueOf(test);
    const users = new Users(database);
    const bindings = new Bindings(database);
    await queue.store(message('0001'));
    await bindings.change({ save: [binding], remove: [] });
    const outbox = new OutboxRows(database);
    await outbox.insert(owed);
    assert.equal(await users.remove(bob), undefined);
    assert.equal(await outbox.count(), 1);
    assert.deepEqual(
      [rows(await users.page(undefined, 10)).length, await queue.count(), rows(await bindings.page(0, undefined, 10)).length],
      [0, 0, 0],
    );
  });

  const binding: StoredBinding = {
    owner: bob,
    client: '<urn:uuid:1>',
    contact: '<sip:bob@192.0.2.1>;+sip.instance="<urn:uuid:1>"',
    path: ['<sip:edge.test;lr>', '<sip:core.test;lr>'],
    byPath: true,
    gruuAddress: 'sip:bob@cpm.test',
    registeredAt: 1,
    expiresAt: 3_000_000_000_000,
    callId: 'c',
    sequence: 7,
    transport: 'TCP',
    local: { host: '192.0.2.9', port: 5060 },
    remote: { host: '192.0.2.1', port: 40_000 },
  };

  it('bindings are replaced by client, removed, and left out once expired', async (test) => {
    const bindings = new Bindings(await migrated(test, open));
    const brief = { ...binding, client: 'brief', expiresAt: 50 };
    assert.equal(await bindings.change({ save: [binding, brief], remove: [] }), undefined);
    const refreshed = { ...binding, sequence: 8, remote: { host: '192.0.2.2', port: 40_001 } };
    assert.equal(await bindings.change({ save: [refreshed], remove: [] }), undefined);
    assert.deepEqual(rows(await bindings.page(50, undefined, 10)), [refreshed]);
    assert.deepEqual(rows(await bindings.page(0, undefined, 1)), [refreshed]);
    assert.deepEqual(rows(await bindings.page(0, refreshed, 1)), [brief]);
    assert.deepEqual(rows(await bindings.page(0, brief, 1)), []);
    assert.equal(await bindings.forgetThoseExpired([refreshed, brief], 49), undefined);
    assert.equal(rows(await bindings.page(0, undefined, 10)).length, 2);
    assert.equal(await bindings.forgetThoseExpired([refreshed, brief], 50), undefined);
    assert.deepEqual(rows(await bindings.page(0, undefined, 10)), [refreshed]);
    assert.equal(await bindings.forgetExpired(50), undefined);
    assert.equal(await bindings.change({ save: [], remove: [refreshed] }), undefined);
    assert.deepEqual(rows(await bindings.page(0, undefined, 10)), []);
  });

  it('a shared key is the one that was first', async (test) => {
    const database = await migrated(test, open);
    const keys = await Promise.all(['a', 'b', 'c'].map((fresh) => serverKey(database, 'delivery', fresh)));
    assert.equal(new Set(keys).size, 1);
    assert.equal(await serverKey(database, 'delivery', 'd'), keys[0]);
  });
});
