import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MessageUriId, messageUriId, userId } from '../common/identifiers.ts';
import type { RecordedCopy } from '../ports.ts';
import type { MessageObject } from './message-object.ts';
import { RecordedCopies } from './recorded-copies.ts';

const row = messageUriId('sip:row@pf.cpm.test');

function object(key: string | undefined): MessageObject {
  return {
    owner: userId('bob'),
    folder: 'Default/sip:alice@cpm.test',
    direction: 'received',
    conversationId: undefined,
    contributionId: undefined,
    messageId: undefined,
    key,
    storedAt: 0,
    octets: new Uint8Array(0),
  };
}

/** Copies over a store in memory; `removing` is what a removal waits for. */
function world(removing: Promise<unknown> = Promise.resolve()) {
  const stored = new Map<number, string | undefined>();
  const waiting = new Set<MessageUriId>([row]);
  let lastUid = 0;
  const copies = new RecordedCopies(
    {
      store: async ({ key }) => {
        const there = [...stored].find(([, other]) => other !== undefined && other === key);
        if (there !== undefined) return { kind: 'there', uid: there[0] };
        lastUid += 1;
        stored.set(lastUid, key);
        return { kind: 'stored', uid: lastUid };
      },
      remove: async (_owner, uid, id) => {
        await removing;
        return (id === undefined || waiting.has(id)) && stored.delete(uid);
      },
    },
    ({ reason }) => assert.fail(reason),
  );
  const recordAs = async (key: string | undefined): Promise<RecordedCopy> => {
    const recorded = await copies.record(object(key), []);
    assert.ok(recorded.kind === 'recorded');
    return recorded.copy;
  };
  return { recordAs, record: () => recordAs('m1'), waiting, stored, uids: () => [...stored.keys()] };
}

describe('a recorded object that requests name (B-8.3.1.1-28, B-8.3.1.6.6-11)', () => {
  it('goes when its only request is accepted by nobody', async () => {
    const { record, uids } = world();
    await (await record()).remove();
    assert.deepEqual(uids(), []);
    await (await record()).remove(row);
    assert.deepEqual(uids(), []);
  });

  it('stays while another request names it, and goes with the last one', async () => {
    const { record, uids } = world();
    const [one, other] = [await record(), await record()];
    assert.equal(one.uid, other.uid);
    await one.remove(row);
    assert.deepEqual(uids(), [1]);
    await other.remove(row);
    assert.deepEqual(uids(), []);
  });

  it('stays when another request was accepted, whoever ends first', async () => {
    const { record, uids } = world();
    const [one, other] = [await record(), await record()];
    await one.remove();
    other.keep();
    assert.deepEqual(uids(), [1]);
    const again = world();
    const [first, second] = [await again.record(), await again.record()];
    first.keep();
    await second.remove();
    assert.deepEqual(again.uids(), [1]);
  });

  it('stays when the message has left the queue: somebody has got it', async () => {
    const { record, uids, waiting } = world();
    const copy = await record();
    waiting.clear();
    await copy.remove(row);
    assert.deepEqual(uids(), [1]);
  });

  it('stays when a request comes after the accepted one and is refused', async () => {
    const { record, uids } = world();
    (await record()).keep();
    await (await record()).remove(row);
    assert.deepEqual(uids(), [1]);
  });

  it('stays when it was there before: a client may have accepted it then', async () => {
    const { record, uids, stored } = world();
    stored.set(77, 'm1');
    for (const waiting of [undefined, row]) {
      const copy = await record();
      assert.equal(copy.uid, 77);
      await copy.remove(waiting);
      assert.deepEqual(uids(), [77]);
    }
  });

  it('is not given to a request that comes while it is being removed', async () => {
    const removing = Promise.withResolvers<void>();
    const { record, uids } = world(removing.promise);
    const removed = (await record()).remove(row);
    const next = record();
    removing.resolve();
    await removed;
    assert.equal((await next).uid, 2);
    await (await next).remove();
    assert.deepEqual(uids(), []);
  });

  it('is of one request alone when the message has no id', async () => {
    const { recordAs, uids } = world();
    const [one, other] = [await recordAs(undefined), await recordAs(undefined)];
    await one.remove();
    assert.deepEqual(uids(), [other.uid]);
  });
});
