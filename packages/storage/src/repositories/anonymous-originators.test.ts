import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { messageId, userId } from '@opencpm/cpm';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { AnonymousOriginatorRows } from './anonymous-originators.ts';
import { Users } from './users.ts';

const bob = userId('owner-bob');
const carol = userId('owner-carol');
const id = messageId('m1');
const fromAlice = { recipient: bob, messageId: id, originator: 'sip:alice@cpm.test', expiresAt: 100 };

eachEngine('anonymous originators', (open) => {
  const rowsOf = async (test: TestContext) => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    return { database, rows: new AnonymousOriginatorRows(database) };
  };

  it('an originator is found by recipient and Message-ID until his time is over', async (test) => {
    const { rows } = await rowsOf(test);
    assert.equal(await rows.remember(fromAlice, 1), undefined);
    assert.equal(await rows.find(bob, id, 99), 'sip:alice@cpm.test');
    assert.equal(await rows.find(bob, id, 100), undefined);
    assert.equal(await rows.find(carol, id, 1), undefined);
    assert.equal(await rows.find(bob, messageId('M1'), 1), undefined);
  });

  it('the same message again gives him its own time', async (test) => {
    const { rows } = await rowsOf(test);
    await rows.remember(fromAlice, 1);
    assert.equal(await rows.remember({ ...fromAlice, expiresAt: 200 }, 50), undefined);
    assert.equal(await rows.find(bob, id, 199), 'sip:alice@cpm.test');
  });

  it('nobody takes over the notifications of another’s message while they may come', async (test) => {
    const { rows } = await rowsOf(test);
    await rows.remember(fromAlice, 1);
    const fromMallory = { ...fromAlice, originator: 'sip:mallory@cpm.test', expiresAt: 200 };
    assert.equal(await rows.remember(fromMallory, 99), undefined);
    assert.equal(await rows.find(bob, id, 99), 'sip:alice@cpm.test');
    assert.equal(await rows.find(bob, id, 100), undefined);
    assert.equal(await rows.remember(fromMallory, 100), undefined);
    assert.equal(await rows.find(bob, id, 100), 'sip:mallory@cpm.test');
  });

  it('of those of one recipient the oldest are forgotten', async (test) => {
    const { database } = await rowsOf(test);
    const rows = new AnonymousOriginatorRows(database, 2);
    for (const [name, expiresAt] of [
      ['m1', 100],
      ['m2', 300],
      ['m3', 200],
    ] as const)
      await rows.remember({ ...fromAlice, messageId: messageId(name), expiresAt }, 1);
    await rows.remember({ ...fromAlice, recipient: carol }, 1);
    const found = await Promise.all(['m1', 'm2', 'm3'].map((name) => rows.find(bob, messageId(name), 0)));
    assert.deepEqual(found, [undefined, 'sip:alice@cpm.test', 'sip:alice@cpm.test']);
    assert.equal(await rows.find(carol, id, 0), 'sip:alice@cpm.test');
  });

  it('what is over is forgotten, and so is all that a removed user had', async (test) => {
    const { database, rows } = await rowsOf(test);
    await rows.remember(fromAlice, 1);
    await rows.remember({ ...fromAlice, messageId: messageId('m2'), expiresAt: 101 }, 1);
    await rows.remember({ ...fromAlice, recipient: carol, expiresAt: 101 }, 1);
    assert.equal(await rows.forgetExpired(100), undefined);
    const found = () => Promise.all([rows.find(bob, id, 0), rows.find(bob, messageId('m2'), 0), rows.find(carol, id, 0)]);
    assert.deepEqual(await found(), [undefined, 'sip:alice@cpm.test', 'sip:alice@cpm.test']);
    assert.equal(await new Users(database).remove(bob), undefined);
    assert.deepEqual(await found(), [undefined, undefined, 'sip:alice@cpm.test']);
  });
});
