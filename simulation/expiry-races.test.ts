import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, byMethod, late, type PeerScript, silence } from '@opencpm/testkit';
import { bobUri, notifications, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, imdnMessage, type Phone } from './phone.ts';
import type { World } from './world.ts';

const quiet = { policy: { expiryNotices: 'none' } } as const;
const notified = ['positive-delivery', 'negative-delivery'];

function lasting(seconds: number, messageId = 'm1') {
  return cpmMessage('short-lived', {
    messageId,
    conversationId: messageId,
    notifications: notified,
    headers: [['Expires', String(seconds)]],
  });
}

async function bobWith(world: World, script: PeerScript): Promise<Phone> {
  const bob = await world.phone('bob', byMethod({ MESSAGE: script }));
  assert.equal((await bob.register({ expiresSeconds: 86_400 })).status, 200);
  return bob;
}

/** Alice, registered for as long as the scenario lasts. */
const comesAlice = (world: World) => world.registeredPhone('alice', { expiresSeconds: 86_400 });

describe('a message whose time comes while another one’s end is being written', () => {
  inWorld('ends right after it', { ...quiet, commitMilliseconds: 100 }, async (world) => {
    const alice = await comesAlice(world);
    const start = world.clock.now();
    await alice.message(bobUri, lasting(10, 'm1'));
    await world.clock.runFor(start + 1050 - world.clock.now());
    await alice.message(bobUri, lasting(9, 'm2'));
    await world.clock.runFor(12_000);
    assert.deepEqual(notifications(alice), ['m1 failed', 'm2 failed']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

describe('a message whose time comes while it is on its way: exactly one of delivered and expired is told', () => {
  const ends: readonly { readonly name: string; readonly script: PeerScript; readonly told: readonly string[] }[] = [
    { name: 'is delivered when its client takes it', script: () => late(5000, answer(200)), told: [] },
    { name: 'has expired when its client refuses it then', script: () => late(5000, answer(486)), told: ['m1 failed'] },
    { name: 'has expired when its client says nothing', script: () => silence, told: ['m1 failed'] },
  ];
  for (const { name, script, told } of ends) {
    inWorld(name, quiet, async (world) => {
      const alice = await comesAlice(world);
      await alice.message(bobUri, lasting(10));
      await world.clock.runFor(8000);
      const bob = await bobWith(world, script);
      await world.clock.runFor(4000);
      assert.deepEqual(notifications(alice), [], 'nothing is told while it is on its way');
      await world.clock.runFor(60_000);
      assert.deepEqual(notifications(alice), told);
      assert.deepEqual(texts(bob), ['short-lived']);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });

    inWorld(`${name}, also when it went there before it was deferred`, quiet, async (world) => {
      const alice = await comesAlice(world);
      const bob = await bobWith(world, (occasion) => (name.includes('takes') ? late(20_000, answer(200)) : script(occasion)));
      await alice.message(bobUri, lasting(12));
      await world.clock.runFor(60_000);
      assert.deepEqual(notifications(alice), told);
      assert.equal(texts(bob).length, 1);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });
  }

  inWorld('one client refuses it while another still has it: what the other says counts', quiet, async (world) => {
    const alice = await comesAlice(world);
    await alice.message(bobUri, lasting(10));
    await world.clock.runFor(8000);
    await bobWith(world, () => late(3000, answer(415)));
    await bobWith(world, () => late(10_000, answer(200)));
    await world.clock.runFor(60_000);
    assert.deepEqual(notifications(alice), []);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('a message that waits for its turn behind others is not sent after its time', quiet, async (world) => {
    const alice = await comesAlice(world);
    await alice.message(bobUri, cpmMessage('first', { conversationId: 'm1' }));
    await alice.message(bobUri, lasting(10));
    await world.clock.runFor(8000);
    const bob = await bobWith(world, () => late(5000, answer(200)));
    await world.clock.runFor(30_000);
    assert.deepEqual(texts(bob), ['first']);
    assert.deepEqual(notifications(alice), ['m1 failed']);
  });

  inWorld(
    'a removal that fails after the client’s 200 is made up for by a retransmission, not by expiry',
    { ...quiet, faultsExpected: true },
    async (world) => {
      const alice = await comesAlice(world);
      await alice.message(bobUri, lasting(60));
      world.mishaps.expect('DELETE FROM deferred_messages', 'fails');
      const bob = await bobWith(world, () => answer(200));
      await world.clock.runFor(100_000);
      assert.deepEqual(texts(bob), ['short-lived']);
      assert.deepEqual(notifications(alice), []);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );
});

describe('the expiry time', () => {
  inWorld('is kept to the moment, also by a server that has just started', quiet, async (world) => {
    const alice = await comesAlice(world);
    const start = world.clock.now();
    await alice.message(bobUri, lasting(3000));
    await world.clock.runFor(1_000_000);
    world.server.crash();
    await world.clock.runFor(1_000_000);
    await world.run(world.server.start());
    await world.clock.advanceTo(start + 2_999_900);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
    await world.clock.advanceTo(start + 3_000_300);
    assert.deepEqual(notifications(alice), ['m1 failed']);
  });

  inWorld(
    'is the same after refusals, silence, duplicates and restarts (testing: a message’s expiry never grows)',
    quiet,
    async (world) => {
      const alice = await comesAlice(world);
      const { administration } = world.server.server;
      await alice.message(bobUri, lasting(50_000));
      const before = await world.run(administration.queue({ limit: 1 }));
      assert.ok(before.kind === 'done');
      const answers = [answer(486), silence, answer(503)];
      await bobWith(world, ({ turn }) => answers[turn % 3] ?? silence);
      await world.clock.runFor(600_000);
      await alice.message(bobUri, lasting(50_000));
      world.server.crash();
      await world.run(world.server.start());
      await world.clock.runFor(600_000);
      const after = await world.run(world.server.server.administration.queue({ limit: 10 }));
      assert.ok(after.kind === 'done');
      assert.equal(only(after.value).expiresAt, only(before.value).expiresAt);
      assert.ok(only(after.value).attempts > 3);
    },
  );
});

describe('many messages that expire at once', () => {
  const slow = { policy: { expiryNotices: 'none' }, commitMilliseconds: 5, users: ['alice', 'bob', 'carol'] } as const;

  inWorld('do not hold up what is relayed, and each is told of once', slow, async (world) => {
    const alice = await comesAlice(world);
    const start = world.clock.now();
    const ids = Array.from({ length: 250 }, (_, index) => `m${index}`);
    // All at the same moment, however long sending took.
    for (const id of ids) {
      const seconds = String(200 - Math.floor((world.clock.now() - start) / 1000));
      const headers = [['Expires', seconds]] as const;
      await alice.message(bobUri, cpmMessage('x', { messageId: id, notifications: ['negative-delivery'], headers }));
    }
    const carol = await world.registeredPhone('carol');
    await world.clock.advanceTo(start + 198_000);
    let slowest = 0;
    for (let index = 0; index < 40; index += 1) {
      const before = world.clock.now();
      assert.equal((await alice.message('sip:carol@cpm.test', cpmMessage(`relayed ${index}`, { conversationId: 'c' }))).status, 200);
      slowest = Math.max(slowest, world.clock.now() - before);
      await world.clock.runFor(100);
    }
    assert.ok(slowest < 100, `the slowest relay took ${slowest} ms of virtual time`);
    await world.clock.runFor(60_000);
    assert.equal(texts(carol).length, 40);
    assert.deepEqual([...new Set(notifications(alice))].toSorted(), ids.map((id) => `${id} failed`).toSorted());
    assert.equal(notifications(alice).length, ids.length);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

describe('what is told of an expired message (B-8.3.1.6.8-12)', () => {
  inWorld('is a notification of the recipient about that message, in CPIM without names', quiet, async (world) => {
    const alice = await comesAlice(world);
    await alice.message(bobUri, lasting(60));
    await world.clock.runFor(70_000);
    const { headers, body } = only(alice.received());
    const text = new TextDecoder().decode(body);
    for (const [name, value] of [
      ['Content-Type', 'message/cpim'],
      ['P-Asserted-Identity', `<${bobUri}>`],
      ['Conversation-ID', 'm1'],
      ['Contribution-ID', 'contribution-m1'],
    ] as const)
      assert.equal(headers.text(name), value, name);
    for (const part of [
      /^From: <sip:anonymous@anonymous\.invalid>\r\nTo: <sip:anonymous@anonymous\.invalid>\r\n/,
      /\r\nimdn\.Message-ID: \S+\r\n/,
      /\r\nContent-Type: message\/imdn\+xml\r\n/,
      /\r\nContent-Disposition: notification\r\n/,
      /<message-id>m1<\/message-id>/,
      /<datetime>2024-01-01T00:00:00\.000Z<\/datetime>/,
      /<recipient-uri>sip:bob@cpm\.test<\/recipient-uri>/,
      /<delivery-notification>\s*<status>\s*<failed\/>\s*<\/status>\s*<\/delivery-notification>/,
    ])
      assert.match(text, part);
    assert.doesNotMatch(text, /Disposition-Notification/);
  });

  inWorld('is nothing when it was a notification itself (decision 46)', quiet, async (world) => {
    const alice = await comesAlice(world);
    const imdn = imdnMessage('about', { headers: [['Expires', '60']] });
    await alice.message(bobUri, imdn);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
    await world.clock.runFor(70_000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.equal(alice.received().length, 0);
  });
});
