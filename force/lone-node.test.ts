import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Leases, openPostgres } from '@opencpm/storage';
import { SeededRandom, VirtualClock } from '@opencpm/testkit';
import { Membership } from '../packages/server/src/nodes/membership.ts';
import type { Log } from '../packages/server/src/platform.ts';
import { MIGRATIONS, migrate } from '../packages/storage/src/migrations/index.ts';
import { startPostgres } from '../packages/storage/src/testing/postgres-fixture.ts';

const unwritten = (): void => undefined;
const silent: Log = { debugging: false, error: unwritten, warn: unwritten, info: unwritten, debug: unwritten };

/** So long that no lease ends within the test: a node is gone when it leaves. */
const leaseMilliseconds = 60_000;
const late = 80_000;

interface Node {
  readonly membership: Membership;
  readonly clock: VirtualClock;
}

async function emptyDatabase(t: TestContext): Promise<string> {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  await postgres.createDatabase('lone');
  const database = await openPostgres({ url: postgres.url('lone') });
  assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
  await database.close();
  return postgres.url('lone');
}

/** A node that has joined, whose time stands still unless the test lets it pass. */
async function nodeCalled(t: TestContext, name: string, url: string): Promise<Node> {
  const database = await openPostgres({ url });
  t.after(() => database.close());
  assert(database.openFeed !== undefined);
  const feed = await database.openFeed(name, { heard: () => undefined, resumed: () => undefined });
  t.after(() => feed.close());
  const clock = new VirtualClock();
  const membership = new Membership({
    leases: new Leases(database),
    feed,
    clock,
    random: new SeededRandom(name),
    log: silent,
    node: name,
    address: { host: '127.0.0.1', port: 5070 },
    leaseMilliseconds,
  });
  await membership.join();
  return { membership, clock };
}

/** So much later the leases are looked at. */
async function looksAfter({ membership, clock }: Node, milliseconds: number): Promise<number> {
  await clock.advanceTo(clock.now() + milliseconds);
  await membership.look();
  return membership.expiryGraceMilliseconds;
}

test('messages expire late beside another node, and a lease after their time once a node has been alone for as long', async (t) => {
  const url = await emptyDatabase(t);
  const a = await nodeCalled(t, 'a', url);
  assert.equal(await looksAfter(a, late - 1), late, 'another one may have died just before this one came');
  assert.equal(await looksAfter(a, 1), leaseMilliseconds);
  const b = await nodeCalled(t, 'b', url);
  assert.equal(await looksAfter(a, 1), late);
  assert.equal(await looksAfter(a, late), late, 'the other one is still there');
  await b.membership.leave();
  assert.equal(await looksAfter(a, 1), late, 'its last clients may still answer');
  assert.equal(await looksAfter(a, late), leaseMilliseconds);
  await a.membership.leave();
});

test('a node that has lost its own lease begins anew to count how long it is alone', async (t) => {
  const url = await emptyDatabase(t);
  const a = await nodeCalled(t, 'a', url);
  assert.equal(await looksAfter(a, late), leaseMilliseconds);
  const database = await openPostgres({ url });
  t.after(() => database.close());
  const lost = { sql: "UPDATE leases SET token = token + 1, expires_at = 0 WHERE name = 'node:a'", parameters: [] };
  assert.equal((await database.commit([lost])).kind, 'committed');
  assert.equal(await looksAfter(a, 1), late);
  assert.equal(await looksAfter(a, 1), late, 'it is there again, since now');
  assert.equal(await looksAfter(a, late), leaseMilliseconds);
});
