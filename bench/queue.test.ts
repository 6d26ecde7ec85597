import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { measureQueue, sampleOf } from './queue.ts';
import { Arrivals } from './queue-arrivals.ts';
import { relaysBetween, spreadOf } from './queue-figures.ts';
import { QueuePlan } from './queue-plan.ts';
import { deferredMessage, seedUsers, withDatabase } from './queue-seed.ts';
import { queueTable } from './queue-table.ts';

const tiny = { users: 50, messages: 500, expiring: 60, storm: 20, coming: 4, rate: 50, seconds: 2 } as const;

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-queue-test-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the plan of a great queue', () => {
  const plan = new QueuePlan(tiny);
  const lasting = [...plan.lasting()];

  it('makes as many messages as it says, each with a name of its own', () => {
    const all = [...lasting, ...plan.expiring()];
    assert.equal(all.length, tiny.messages);
    assert.equal(new Set(all.map(({ messageId }) => messageId)).size, tiny.messages);
  });

  it('gives each user his number, and nobody all of them in a row', () => {
    const counts = new Map([...Map.groupBy(lasting, ({ recipient }) => recipient)].map(([user, of]) => [user, of.length]));
    assert.deepEqual(
      plan.storm.map((user) => counts.get(user) ?? 0),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert.deepEqual([...new Set(plan.coming.map((user) => counts.get(user)))], [10]);
    assert(lasting.every(({ recipient }, index) => recipient !== lasting[index + 1]?.recipient));
  });

  it('lets messages expire of those alone who stay away', () => {
    const away = new Set(plan.away);
    assert([...plan.expiring()].every(({ recipient }) => away.has(recipient)));
  });

  it('is refused when its parts do not fit into it', () => {
    assert.throws(() => new QueuePlan({ ...tiny, storm: 46 }), /more users come/);
    assert.throws(() => new QueuePlan({ ...tiny, messages: 190 }), /fewer messages wait/);
  });
});

describe('figures', () => {
  it('a spread is of what was sorted', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(spreadOf(hundred), { count: 100, p50: 51, p99: 100, most: 100 });
  });

  it('relays count where they were sent, and those that failed apart', () => {
    const relayed = [
      { sentAt: 1, milliseconds: 5 },
      { sentAt: 2, milliseconds: undefined },
      { sentAt: 3, milliseconds: 7 },
    ];
    assert.deepEqual(relaysBetween(relayed, 1, 3), { count: 1, p50: 5, p99: 5, most: 5, failed: 1, typicalP99: 5 });
  });

  it('a stall is in the 99 % of all and not in that of a typical second', () => {
    const relayed = [0, 1000, 2000].map((sentAt) => ({ sentAt, milliseconds: sentAt === 1000 ? 900 : 3 }));
    const { p99, typicalP99 } = relaysBetween(relayed, 0, 3000);
    assert.deepEqual([p99, typicalP99], [900, 3]);
  });

  it('the same request again is no second arrival, another one is', () => {
    const arrivals = new Arrivals();
    const arrival = { user: 'bob', messageId: 'm', callId: 'c', at: 1 };
    for (const each of [arrival, arrival, { ...arrival, messageId: 'n', at: 2 }]) arrivals.take(each);
    assert.deepEqual([arrivals.size, arrivals.doubled, arrivals.firstAt('bob'), arrivals.lastAt], [2, 0, 1, 2]);
    arrivals.take({ ...arrival, callId: 'd' });
    assert.deepEqual(arrivals.deliveries(2), { expected: 2, delivered: 2, doubled: 1 });
  });
});

describe('a small queue with a real server', { concurrency: true }, () => {
  it('what is written into the database is what the server would have kept', async () => {
    const plan = new QueuePlan(tiny);
    const pattern = await inFolder(async (folder) => {
      mkdirSync(join(folder, 'data'), { mode: 0o700 });
      await withDatabase(folder, (database) => seedUsers(database, plan.everybody));
      return sampleOf(folder, plan);
    });
    const { kept, planned } = pattern;
    const { duplicateKey, ...written } = deferredMessage(planned, kept.arrivedAt, { pattern });
    assert.deepEqual({ ...written, id: kept.id }, kept);
    assert.equal(written.id.length, kept.id.length);
    assert(duplicateKey?.includes(planned.messageId));
  });

  it('everything comes once, what expires is gone, and who asked for it is told', async () => {
    const plan = new QueuePlan(tiny);
    const figures = await inFolder((folder) => measureQueue(plan, folder, { restSeconds: 0, say: () => undefined }));
    const { expiry, storm } = figures;
    assert.deepEqual(storm.deliveries, { expected: 91, delivered: 91, doubled: 0 });
    assert.deepEqual(expiry.notices, { expected: 30, delivered: 30, doubled: 0 });
    assert.deepEqual([expiry.quiet.failed, expiry.during.failed, storm.relays.failed], [0, 0, 0]);
    assert(expiry.quiet.count > 0 && storm.firstPush.count === 18 && figures.many.cpuPerUser > 0);
    assert.doesNotMatch(queueTable(tiny, figures), /undefined/);
  });
});
