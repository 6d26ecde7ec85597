import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, inTurn, silence } from '@opencpm/testkit';
import { bobUri, notifications } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, type Phone, textOf } from './phone.ts';
import type { World } from './world.ts';

const asking = { messageId: 'm1', notifications: ['negative-delivery'] };

/** What its recipient is told is proved in notices.test.ts. */
const brief = { policy: { maxExpirySeconds: 3600, expiryNotices: 'none' } } as const;

async function bobComes(world: World): Promise<readonly string[]> {
  const bob = await world.registeredPhone('bob');
  await world.clock.runFor(1000);
  return bob.received().map(textOf);
}

describe('how long a message waits (B-8.3.1.6.1-08, RFC 3428 §7)', () => {
  const cases = [
    { name: 'Expires below the maximum', headers: [['Expires', '600']], seconds: 600 },
    { name: 'Expires above the maximum', headers: [['Expires', '999999']], seconds: 3600 },
    { name: 'no Expires', headers: [], seconds: 3600 },
    {
      name: 'Expires counted from Date',
      headers: [
        ['Expires', '600'],
        ['Date', 'Sun, 31 Dec 2023 23:55:00 GMT'],
      ],
      seconds: 300,
    },
    {
      name: 'a Date in the future',
      headers: [
        ['Expires', '600'],
        ['Date', 'Mon, 01 Jan 2024 23:55:00 GMT'],
      ],
      seconds: 600,
    },
  ] as const;
  for (const { name, headers, seconds } of cases) {
    inWorld(`${name}: ${seconds} s`, brief, async (world) => {
      const alice = await world.phone('alice');
      const start = world.clock.now();
      await alice.message(bobUri, cpmMessage('still good', { headers }));
      await alice.message(bobUri, cpmMessage('over', { headers }));
      await world.clock.advanceTo(start + (seconds - 2) * 1000);
      const bob = await world.registeredPhone('bob', { expiresSeconds: 60 }, ({ request }) =>
        textOf(request) === 'over' ? answer(486) : answer(200),
      );
      await world.clock.runFor(500);
      assert.deepEqual(bob.received().map(textOf), ['still good', 'over']);
      await bob.deregister();
      await world.clock.advanceTo(start + (seconds + 1) * 1000);
      assert.deepEqual(await bobComes(world), []);
      await world.clock.runFor(61_000);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });
  }

  inWorld('a message that was over when it came is not forwarded: 480, and the sender is told when he asked', {}, async (world) => {
    const bob = await world.registeredPhone('bob');
    const alice = await world.registeredPhone('alice');
    const old = [
      ['Date', 'Sun, 31 Dec 2023 22:00:00 GMT'],
      ['Expires', '3600'],
    ] as const;
    assert.equal((await alice.message(bobUri, cpmMessage('old news', { ...asking, headers: old }))).status, 480);
    await world.clock.runFor(1000);
    assert.equal(bob.received().length, 0);
    assert.deepEqual(notifications(alice), ['m1 failed']);
  });
});

describe('what the sender hears of an expired message (B-8.3.1.6.8-03, -12)', () => {
  inWorld('a negative delivery notification, once, in the name of the recipient', brief, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', asking));
    await world.clock.runFor(3_700_000);
    assert.deepEqual(notifications(alice), ['m1 failed']);
    const { headers } = only(alice.received());
    assert.equal(headers.text('P-Asserted-Identity'), `<${bobUri}>`);
    assert.equal(headers.text('Contribution-ID'), 'contribution-m1');
    await world.clock.runFor(3_700_000);
    assert.equal(alice.peer.requests().length, 1);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('nothing when he did not ask', brief, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', { notifications: ['positive-delivery', 'display'] }));
    await world.clock.runFor(3_700_000);
    assert.equal(alice.received().length, 0);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('also when he hides (decision 34)', brief, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', { ...asking, headers: [['Privacy', 'id']] }));
    await world.clock.runFor(3_700_000);
    assert.deepEqual(notifications(alice), ['m1 failed']);
  });

  inWorld('when he is away it is deferred for him like any notification', brief, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('x', asking));
    await world.clock.runFor(3_700_000);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
    const back = await world.registeredPhone('alice');
    await world.clock.runFor(1000);
    assert.deepEqual(notifications(back), ['m1 failed']);
  });
});

describe('a negative notification and what goes wrong (architecture: outbox)', () => {
  inWorld('a message that expires while the server is down is over at its next start', brief, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', asking));
    world.server.crash();
    await world.clock.runFor(3_700_000);
    await world.run(world.server.start());
    assert.deepEqual(await bobComes(world), []);
    assert.deepEqual(notifications(alice), ['m1 failed']);
  });

  inWorld('a crash after sending it makes a retransmission of it, not a second one', brief, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', asking));
    world.mishaps.expect('DELETE FROM outbox', 'hangs');
    await world.clock.runFor(3_700_000);
    assert.equal(alice.peer.requests().length, 1);
    world.server.crash();
    world.mishaps.clear();
    await world.run(world.server.start());
    await world.clock.runFor(5000);
    assert.equal(alice.peer.requests().length, 2);
    assert.deepEqual(notifications(alice), ['m1 failed']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('a database that does not take the row off makes nobody hear it twice', { ...brief, faultsExpected: true }, async (world) => {
    const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
    await alice.message(bobUri, cpmMessage('x', asking));
    world.mishaps.expect('DELETE FROM outbox', 'fails', 9);
    await world.clock.runFor(3_800_000);
    assert.equal(alice.peer.requests().length, 1);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    const errors = world.server.log.filter(({ level }) => level === 'error');
    assert.equal(errors.length, 2, 'one line for four tries, not a flood');
  });

  inWorld(
    'a database that does not expire a message is asked again in seconds, not in a loop',
    { ...brief, faultsExpected: true },
    async (world) => {
      const alice = await world.registeredPhone('alice', { expiresSeconds: 86_400 });
      await alice.message(bobUri, cpmMessage('x', asking));
      world.mishaps.expect('DELETE FROM deferred_messages', 'fails', 9);
      await world.clock.runFor(3_720_000);
      assert.deepEqual(notifications(alice), ['m1 failed']);
      assert.equal(world.server.log.filter(({ level }) => level === 'error').length, 2);
    },
  );
});

describe('a notification for another domain', () => {
  const routed = { policy: { maxExpirySeconds: 3600 }, trustedPeers: ['10.0.0.2'], routes: { 'other.test': 'sip:10.0.0.2' } };

  async function expiredForEve(world: World, script: Parameters<World['phone']>[1]): Promise<Phone> {
    const other = await world.phone('eve', script);
    const from = '<sip:eve@other.test>';
    assert.equal((await other.exchange(other.messageTemplate(bobUri, { ...cpmMessage('x', asking), from }))).status, 202);
    await world.clock.runFor(3_700_000);
    return other;
  }

  inWorld('is tried again after 30 s and then less often, each time as another request', routed, async (world) => {
    const other = await expiredForEve(world, inTurn(answer(503), answer(480), answer(200)));
    await world.clock.runFor(120_000);
    assert.equal(other.received().length, 3);
    assert.equal(new Set(other.received().map(({ headers }) => headers.text('Call-ID'))).size, 3);
    const times = other.peer.received.filter(({ message }) => message?.kind === 'request').map(({ atMilliseconds }) => atMilliseconds);
    const [first = 0, second = 0, third = 0] = times;
    assert.deepEqual([Math.round((second - first) / 1000), Math.round((third - second) / 1000)], [30, 60]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  for (const [status, failures] of [
    [200, 3],
    [200, 40],
    [404, 40],
  ] as const) {
    inWorld(
      `is not sent again after its ${status} while the database cannot forget it, ${failures} times`,
      { ...routed, users: ['alice', 'bob', 'carol'], faultsExpected: true },
      async (world) => {
        world.mishaps.expect('DELETE FROM outbox', 'fails', failures);
        const other = await expiredForEve(world, () => answer(status));
        const alice = await world.registeredPhone('alice');
        // Owed meanwhile: the outbox is looked at again at once.
        await alice.message('sip:carol@cpm.test', cpmMessage('y', { ...asking, messageId: 'm2', headers: [['Expires', '3']] }));
        await world.clock.runFor(600_000);
        assert.deepEqual([other.received().length, notifications(alice)], [1, ['m2 failed']]);
        assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
      },
    );
  }

  inWorld('is given up when it is refused for good, and after a day', routed, async (world) => {
    const other = await expiredForEve(world, () => answer(404));
    assert.deepEqual([other.received().length, (await waitingRows(world)).owed], [1, 0]);
    other.peer.script = () => silence;
    const from = '<sip:eve@other.test>';
    await other.exchange(other.messageTemplate(bobUri, { ...cpmMessage('y', { ...asking, messageId: 'm2' }), from }));
    await world.clock.runFor(3_700_000);
    assert.equal((await waitingRows(world)).owed, 1);
    await world.clock.runFor(25 * 3_600_000);
    assert.equal((await waitingRows(world)).owed, 0);
  });
});
