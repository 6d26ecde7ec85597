import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type DeferredMessage, type MessageObject, messageId, messageUriId, userId } from '@opencpm/cpm';
import { Headers } from '@opencpm/sip';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { DeferredMessages } from './deferred-messages.ts';
import { MessageObjects } from './message-objects.ts';
import { OutboxRows } from './outbox.ts';
import { type StoredUser, Users } from './users.ts';

const bob = userId('owner-bob');
const carol = userId('owner-carol');

function object(key: string | undefined, text = 'hello'): MessageObject {
  return {
    owner: bob,
    folder: 'Default/sip:alice@cpm.test',
    direction: 'received',
    conversationId: undefined,
    contributionId: undefined,
    messageId: key === undefined ? undefined : messageId(key),
    key,
    storedAt: 1_700_000_000_000,
    octets: new TextEncoder().encode(text),
  };
}

const waiting: DeferredMessage = {
  owner: bob,
  id: messageUriId('sip:0001@cpm.test'),
  mode: 'pager',
  kind: 'message',
  originator: undefined,
  anonymous: false,
  conversationId: undefined,
  contributionId: undefined,
  messageId: undefined,
  duplicateKey: undefined,
  arrivedAt: 1,
  expiresAt: 2,
  request: { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers: Headers.of(), body: new Uint8Array(0) },
};

function user(name: string): StoredUser {
  const identities = [{ address: `sip:${name}@cpm.test`, uri: `sip:${name}@cpm.test` }];
  const ha1 = { MD5: '0', 'SHA-256': '0' };
  return { owner: userId(`owner-${name}`), name, source: 'database', realm: 'cpm.test', ha1, loopbackOnly: false, identities };
}

eachEngine('message objects', (open) => {
  const storeOf = async (test: TestContext, limits = { objectsPerUser: 100, octetsPerUser: 1000 }) => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    const users = new Users(database);
    for (const name of ['bob', 'carol']) assert.equal((await users.add(user(name), 0)).kind, 'done');
    return { database, users, store: new MessageObjects(database, limits) };
  };

  it('a UID is given once to one object of a user, in whatever folder, also after a removal (decision 30)', async (test) => {
    const { store } = await storeOf(test);
    assert.deepEqual(await store.store(object('one'), []), { kind: 'stored', uid: 1 });
    assert.deepEqual(await store.store({ ...object('two'), folder: 'Default/tel:+15550142' }, []), { kind: 'stored', uid: 2 });
    assert.equal(await store.remove(bob, 2), true);
    assert.equal(await store.remove(bob, 2), false);
    assert.deepEqual(await store.store(object('two'), []), { kind: 'stored', uid: 3 });
    assert.deepEqual(await store.store({ ...object('one'), owner: carol }, []), { kind: 'stored', uid: 1 });
  });

  it('the same message keeps its UID and owes nothing again; messages without a key are all different', async (test) => {
    const { store, database } = await storeOf(test);
    const owed = (id: string) => ({
      id,
      owner: bob,
      request: { kind: 'request' as const, method: 'MESSAGE', uri: 'sip:alice@cpm.test', headers: Headers.of(), body: new Uint8Array(0) },
      expiresAt: 1,
    });
    assert.deepEqual(await store.store(object('one'), [owed('first')]), { kind: 'stored', uid: 1 });
    assert.deepEqual(await store.store(object('one'), [owed('second')]), { kind: 'there', uid: 1 });
    const rows = await new OutboxRows(database).due(Number.MAX_SAFE_INTEGER, 10);
    assert.deepEqual('kind' in rows ? rows : rows.map(({ id }) => id), ['first']);
    assert.deepEqual(await store.store(object(undefined), []), { kind: 'stored', uid: 2 });
    assert.deepEqual(await store.store(object(undefined), []), { kind: 'stored', uid: 3 });
  });

  it('an object goes while its message waits, and stays when the message has left the queue (B-8.3.1.6.6-11)', async (test) => {
    const { store, database } = await storeOf(test);
    const limits = { messagesPerUser: 9, octetsPerUser: 9000, duplicateKeysPerUser: 9, duplicateWindowMilliseconds: 9 };
    const queue = new DeferredMessages(database, limits);
    assert.equal((await queue.store(waiting)).kind, 'stored');
    for (const key of ['one', 'two']) await store.store(object(key), []);
    assert.equal(await store.remove(bob, 1, messageUriId('sip:0002@cpm.test')), false);
    assert.equal(await store.remove(carol, 1, waiting.id), false);
    assert.equal(await store.remove(bob, 1, waiting.id), true);
    assert.equal(await queue.remove(bob, waiting.id, []), true);
    assert.equal(await store.remove(bob, 2, waiting.id), false);
    const left = await store.list(bob, 0, 10);
    assert.deepEqual('kind' in left ? left : left.map(({ uid }) => uid), [2]);
  });

  it('a user has so many objects and octets, and a removed one makes room', async (test) => {
    const { store } = await storeOf(test, { objectsPerUser: 2, octetsPerUser: 12 });
    assert.deepEqual(await store.store(object('one'), []), { kind: 'stored', uid: 1 });
    assert.deepEqual(await store.store(object('two'), []), { kind: 'stored', uid: 2 });
    assert.deepEqual(await store.store(object('three', '!'), []), { kind: 'full' });
    assert.equal(await store.remove(bob, 1), true);
    assert.deepEqual(await store.store(object('four', 'too long'), []), { kind: 'full' });
    assert.deepEqual(await store.store(object('five'), []), { kind: 'stored', uid: 3 });
    assert.deepEqual(await store.store(object('five'), []), { kind: 'there', uid: 3 });
  });

  it('a list goes on behind a UID, and the octets come back as they were', async (test) => {
    const { store } = await storeOf(test);
    for (const key of ['one', 'two', 'three']) await store.store(object(key, `the octets of ${key}`), []);
    const list = await store.list(bob, 1, 10);
    assert.deepEqual('kind' in list ? list : list.map(({ uid, size }) => [uid, size]), [
      [2, 17],
      [3, 19],
    ]);
    assert.deepEqual(await store.octets(bob, 2), new TextEncoder().encode('the octets of two'));
    assert.equal(await store.octets(carol, 2), undefined);
  });

  it('nothing is stored for a user who is not there, and a removed user leaves nothing', async (test) => {
    const { store, users } = await storeOf(test);
    assert.deepEqual(await store.store({ ...object('one'), owner: userId('owner-nobody') }, []), { kind: 'full' });
    await store.store(object('one'), []);
    assert.equal(await users.remove(bob), undefined);
    assert.deepEqual(await store.list(bob, 0, 10), []);
    assert.deepEqual(await store.remove(bob, 1), false);
  });
});
