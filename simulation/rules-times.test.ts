import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { aliceUri, bobsClient, bobUri, texts } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage } from './phone.ts';
import { adds, asks, removes } from './rules.ts';
import type { World } from './world.ts';

const hour = 3_600_000;

const at = (world: World, milliseconds: number) => new Date(world.clock.now() + milliseconds).toISOString();

describe('a rule with times (RFC 4745 §7.3)', () => {
  inWorld('counts from its beginning to its end; then what waits is pushed at once', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['do-not-disturb'], validFrom: at(world, hour), validUntil: at(world, 2 * hour) });
    assert.equal((await alice.message(bobUri, cpmMessage('before'))).status, 200);
    await world.clock.runFor(hour);
    await bob.register();
    assert.equal((await alice.message(bobUri, cpmMessage('during', { conversationId: 'c2' }))).status, 202);
    await world.clock.runFor(hour - 1000);
    assert.deepEqual(texts(bob), ['before']);
    await bob.register();
    await world.clock.runFor(2000);
    assert.deepEqual(texts(bob), ['before', 'during']);
    assert.equal((await alice.message(bobUri, cpmMessage('after'))).status, 200);
    assert.equal((await waitingRows(world)).deferred, 0);
  });

  inWorld('ends in time also when the server was started again meanwhile', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['do-not-disturb'], validUntil: at(world, hour / 2) });
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 202);
    world.server.crash();
    await world.run(world.server.start());
    await world.clock.runFor(hour / 2 - 2000);
    assert.deepEqual(texts(bob), []);
    await world.clock.runFor(3000);
    assert.deepEqual(texts(bob), ['x']);
  });

  inWorld('that ends while another one goes on disturbs nobody', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['do-not-disturb'], validUntil: at(world, 60_000) });
    const other = await adds(world, 'bob', { actions: ['do-not-disturb'] });
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 202);
    await world.clock.runFor(120_000);
    assert.deepEqual(texts(bob), []);
    await removes(world, 'bob', other);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['x']);
  });

  inWorld('about one sender keeps his messages from a client that registers meanwhile', {}, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['do-not-disturb'], from: [aliceUri], validUntil: at(world, 60_000) });
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 202);
    const bob = await bobsClient(world);
    await world.clock.runFor(50_000);
    assert.deepEqual(texts(bob), []);
    await world.clock.runFor(10_000);
    assert.deepEqual(texts(bob), ['x']);
  });
});

describe('how a change of rules is followed', () => {
  inWorld('rules that cannot be read keep no message from anybody (wire facts 12.1)', { faultsExpected: true }, async (world) => {
    await adds(world, 'bob', { actions: ['reject'] });
    world.server.crash();
    await world.run(world.server.start());
    const alice = await world.phone('alice');
    world.mishaps.expect('* FROM preference_rules', 'fails', 2);
    const bob = await bobsClient(world);
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 200);
    assert.deepEqual(texts(bob), ['x']);
  });

  inWorld('a rule that is not committed counts for nobody', { faultsExpected: true }, async (world) => {
    await bobsClient(world);
    const alice = await world.phone('alice');
    world.mishaps.expect('INSERT INTO preference_rules', 'fails');
    const { preferences } = world.server.server.administration;
    const failed = await world.run(preferences.addRule('bob', { actions: ['reject'], from: [], others: false }));
    assert.equal(failed.kind, 'fault');
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 200);
    assert.deepEqual((await asks(world, (administration) => administration.preferences.of('bob'))).rules, []);
  });
});
