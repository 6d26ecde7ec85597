import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type DeferredMessage, type MessageUriId, messageUriId, userId } from '@opencpm/cpm';
import { Headers } from '@opencpm/sip';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { rowsOf } from '../testing/statements.ts';
import { DeferredMessages } from './deferred-messages.ts';
import { Users } from './users.ts';

const [bob, carol] = [userId('owner-bob'), userId('owner-carol')];
const limits = { messagesPerUser: 100, octetsPerUser: 100_000, duplicateKeysPerUser: 100, duplicateWindowMilliseconds: 1000 };

const idOf = (name: string | number): MessageUriId => messageUriId(`sip:${name}@cpm.test`);

function message(name: string | number, owner = bob): DeferredMessage {
  const headers = Headers.of(['From', '<sip:alice@cpm.test>;tag=1']);
  return {
    owner,
    id: idOf(name),
    mode: 'pager',
    kind: 'message',
    originator: 'sip:alice@cpm.test',
    anonymous: false,
    conversationId: undefined,
    contributionId: undefined,
    messageId: undefined,
    duplicateKey: undefined,
    arrivedAt: 100,
    expiresAt: 10_000,
    request: { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers, body: new Uint8Array(10) },
  };
}

eachEngine('messages that are taken out of the queue at once', (open) => {
  const queueOf = async (test: TestContext, names: readonly (string | number)[]) => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    for (const owner of [bob, carol]) {
      const account = { name: owner, source: 'database', realm: 'r', ha1: { MD5: 'm', 'SHA-256': 's' }, loopbackOnly: false } as const;
      assert.deepEqual(await new Users(database).add({ ...account, owner, identities: [] }, 1), { kind: 'done' });
    }
    const queue = new DeferredMessages(database, limits);
    for (const name of names) assert.deepEqual(await queue.store(message(name)), { kind: 'stored' });
    const left = async () => {
      const [size] = await rowsOf(database, 'SELECT messages, octets FROM queue_sizes WHERE owner = ?', bob);
      const rows = await rowsOf(database, 'SELECT message_uri_id FROM deferred_messages WHERE owner = ? ORDER BY position', bob);
      const octets = await rowsOf(
        database,
        'SELECT COALESCE(SUM(LENGTH(request)), 0) AS octets FROM deferred_messages WHERE owner = ?',
        bob,
      );
      assert.deepEqual(size, { messages: rows.length, octets: Number(octets[0]?.octets) });
      return rows.map((row) => row.message_uri_id);
    };
    return { queue, left };
  };
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  for (const count of [1, 2, 15, 16, 17, 40]) {
    it(`${count} of ${count + 1}: each is gone, and the one that stays is counted`, async (test) => {
      const { queue, left } = await queueOf(test, upTo(count + 1));
      const removed = await Promise.all(upTo(count).map((name) => queue.remove(bob, idOf(name), [])));
      assert.deepEqual(removed, Array(count).fill(true));
      assert.deepEqual(await left(), [idOf(count)]);
    });
  }

  it('each is told whether it was there, when one was not', async (test) => {
    const { queue, left } = await queueOf(test, ['a', 'b', 'c']);
    const removed = await Promise.all(['a', 'gone', 'c'].map((name) => queue.remove(bob, idOf(name), [])));
    assert.deepEqual(removed, [true, false, true]);
    assert.deepEqual(await left(), [idOf('b')]);
  });

  it('the same one twice is gone once', async (test) => {
    const { queue, left } = await queueOf(test, ['a', 'b']);
    const removed = await Promise.all(['a', 'b', 'a'].map((name) => queue.remove(bob, idOf(name), [])));
    assert.deepEqual(removed.toSorted(), [false, true, true]);
    assert.deepEqual(await left(), []);
  });

  it('those of another user are his own, and one that owes something goes by itself', async (test) => {
    const { queue, left } = await queueOf(test, ['a', 'b', 'c']);
    await queue.store(message('hers', carol));
    const removed = await Promise.all([
      queue.remove(bob, idOf('a'), []),
      queue.remove(carol, idOf('b'), []),
      queue.remove(carol, idOf('hers'), []),
      queue.remove(bob, idOf('b'), []),
    ]);
    assert.deepEqual(removed, [true, false, true, true]);
    assert.deepEqual(await left(), [idOf('c')]);
  });
});
