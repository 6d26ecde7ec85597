import assert from 'node:assert/strict';
import { it } from 'node:test';
import { messageId, userId } from '@opencpm/cpm';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { AnonymousOriginatorRows } from './anonymous-originators.ts';

const carol = userId('owner-carol');
const over = 450;

eachEngine('rows whose time is over', (open) => {
  it('go some at a time, the oldest first, and nothing else goes', async (test) => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    const rows = new AnonymousOriginatorRows(database);
    const idOf = (expiresAt: number) => messageId(`m${expiresAt}`);
    const stored = Array.from({ length: over + 1 }, (_, index) => {
      const expiresAt = index + 1;
      return rows.remember({ recipient: carol, messageId: idOf(expiresAt), originator: 'sip:alice@cpm.test', expiresAt }, 0);
    });
    await Promise.all(stored);
    const left = async () => (await Promise.all([1, 200, 201, over, over + 1].map((time) => rows.find(carol, idOf(time), 0)))).map(Boolean);
    assert.equal(await rows.forgetExpired(over), 'more');
    assert.deepEqual(await left(), [false, false, true, true, true]);
    assert.equal(await rows.forgetExpired(over), 'more');
    assert.equal(await rows.forgetExpired(over), undefined);
    assert.deepEqual(await left(), [false, false, false, false, true]);
  });
});
