import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { userId } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { guardedDatabase } from '../guarded-database.ts';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { onPostgres } from '../testing/each-engine.ts';
import { commitOrThrow, rowsOf, sql } from '../testing/statements.ts';
import { Bindings, type StoredBinding } from './bindings.ts';
import { type Lease, Leases, leaseGuard, nodeLease } from './leases.ts';

const request = { name: nodeLease('b'), holder: 'first', address: 'tcp://127.0.0.1:5070', milliseconds: 60_000 };

async function leasesOn(database: Database): Promise<Leases> {
  assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
  return new Leases(database);
}

/** As if that lease had not been renewed for its whole time. */
async function letExpire(database: Database, node: string): Promise<void> {
  await commitOrThrow(database, sql('UPDATE leases SET expires_at = 1 WHERE name = ?', nodeLease(node)));
}

async function nodeCalled(leases: Leases, name: string): Promise<Lease> {
  const nodes = await leases.nodes();
  return (Array.isArray(nodes) ? nodes.find((lease: Lease) => lease.name === name) : undefined) ?? assert.fail(`no node ${name}`);
}

onPostgres('leases', (open) => {
  test('one has it until its time is over, and each new holder gets a higher token', async (t: TestContext) => {
    const database = await open(t);
    const leases = await leasesOn(database);
    assert.equal(await leases.acquire(request), 1);
    assert.equal(await leases.acquire({ ...request, holder: 'second' }), undefined);
    assert.equal(await leases.renew(request, 1), true);
    await letExpire(database, 'b');
    assert.equal(await leases.acquire({ ...request, holder: 'second' }), 2);
    assert.equal(await leases.renew(request, 1), false, 'the first one has lost it');
  });

  test('of several who want it at once one gets it', async (t: TestContext) => {
    const leases = await leasesOn(await open(t));
    const tokens = await Promise.all(['x', 'y', 'z'].map((holder) => leases.acquire({ ...request, holder })));
    assert.deepEqual(
      tokens.filter((token) => token !== undefined),
      [1],
    );
  });

  test('who is known to be gone, or has let go of it, is not waited for', async (t: TestContext) => {
    const leases = await leasesOn(await open(t));
    await leases.acquire(request);
    assert.equal(await leases.acquire({ ...request, holder: 'second' }, true), 2);
    await leases.release({ ...request, holder: 'first' });
    assert.equal((await nodeCalled(leases, 'b')).isAlive, true, 'it is not the first one’s any more');
    await leases.release({ ...request, holder: 'second' });
    assert.equal(await leases.acquire({ ...request, holder: 'third' }), 3);
  });

  test('clients from before there were nodes go to the first one', async (t: TestContext) => {
    const database = await open(t);
    const leases = await leasesOn(database);
    const bindings = new Bindings(database);
    const { node: _node, ...single } = bindingAt('old');
    for (const name of ['a', 'b']) await leases.acquire({ ...request, name: nodeLease(name) });
    await bindings.change({ save: [single, bindingAt('a'), bindingAt('z')], remove: [] });
    assert.deepEqual(await leases.adoptStrays('b'), [userId('alice')]);
    const after = await bindings.of(userId('alice'), 0);
    assert.deepEqual('kind' in after ? after : after.map(({ client, node }) => [client, node]), [
      ['client a', 'a'],
      ['client old', 'b'],
      ['client z', 'b'],
    ]);
    assert.deepEqual(await leases.adoptStrays('c'), []);
  });

  test('each node has so many bindings as have not expired', async (t: TestContext) => {
    const database = await open(t);
    const leases = await leasesOn(database);
    assert.deepEqual(await leases.bindingsHeld(0), new Map());
    const short = { ...bindingAt('b'), client: 'client that expires', expiresAt: 500 };
    await new Bindings(database).change({ save: [bindingAt('a'), bindingAt('b'), short], remove: [] });
    const held = { a: 1, b: 1 };
    assert.deepEqual(await leases.bindingsHeld(499), new Map(Object.entries({ ...held, b: 2 })));
    assert.deepEqual(await leases.bindingsHeld(500), new Map(Object.entries(held)));
  });

  test('what its holder does is undone once it is another one’s', async (t: TestContext) => {
    const database = await open(t);
    const leases = await leasesOn(database);
    await leases.acquire(request);
    const guarded = guardedDatabase(database, () => leaseGuard(request, 1));
    const insert = sql("INSERT INTO server_keys (name, value) VALUES (?, 'x') ON CONFLICT DO NOTHING RETURNING name", 'key');
    assert.deepEqual(await guarded.commit([insert]), { kind: 'committed', rows: [[{ name: 'key' }]] });
    assert.deepEqual(await guarded.commit([{ ...insert, expectRows: 1 }]), { kind: 'guard-failed', statement: 0, rowCount: 0 });
    await leases.acquire({ ...request, holder: 'second' }, true);
    const late = await guarded.commit([sql("INSERT INTO server_keys (name, value) VALUES ('late', 'x')")]);
    assert.deepEqual([late.kind, late.kind === 'fault' && late.temporary], ['fault', true]);
    assert.deepEqual(await rowsOf(database, "SELECT name FROM server_keys WHERE name = 'late'"), []);
  });

  test('the clients of a dead node go to one living node, once', async (t: TestContext) => {
    const database = await open(t);
    const leases = await leasesOn(database);
    const bindings = new Bindings(database);
    await bindings.change({ save: [bindingAt('b'), bindingAt('c')], remove: [] });
    for (const name of ['a', 'b', 'c']) await leases.acquire({ ...request, name: nodeLease(name), holder: `${name} 1` });
    const living = await nodeCalled(leases, 'b');
    const takers = ['a', 'c'].map((node) => ({ node, holder: `${node} 1` }));
    assert.equal(await leases.takeOver(living, takers[0] ?? assert.fail()), false, 'it lives');
    await letExpire(database, 'b');
    assert.equal(await leases.takeOver(living, { node: 'a', holder: 'a 0' }), false, 'an earlier process of that name');
    const taken = await Promise.all(takers.map((taker) => leases.takeOver(living, taker)));
    assert.deepEqual(taken.toSorted(), [false, true]);
    const winner = taken[0] === true ? 'a' : 'c';
    const after = await bindings.of(userId('alice'), 0);
    assert.deepEqual('kind' in after ? after : after.map(({ client, node }) => [client, node]), [
      ['client b', winner],
      ['client c', 'c'],
    ]);
    assert.equal((await nodeCalled(leases, 'b')).holder, '');
  });
});

function bindingAt(node: string): StoredBinding {
  return {
    owner: userId('alice'),
    client: `client ${node}`,
    contact: `<sip:alice@${node}.test>`,
    path: [],
    byPath: false,
    gruuAddress: '',
    registeredAt: 1,
    expiresAt: 1_000,
    callId: 'call',
    sequence: 1,
    transport: 'UDP',
    local: { host: '192.0.2.1', port: 5060 },
    remote: { host: '192.0.2.2', port: 5060 },
    node,
  };
}
