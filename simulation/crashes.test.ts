import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { always, answer, byMethod, late, roughLink, SeededRandom, silence } from '@opencpm/testkit';
import { bobUri, texts } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage } from './phone.ts';
import { World } from './world.ts';

async function restart(world: World): Promise<void> {
  world.server.crash();
  world.mishaps.clear();
  await world.run(world.server.start());
}

describe('a crash in the middle of a delivery (architecture: promises about messages)', () => {
  inWorld('between a client’s 200 and the removal: what is sent again is a retransmission', {}, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('once'));
    world.mishaps.expect('DELETE FROM deferred_messages', 'hangs');
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.equal(bob.peer.requests().length, 1);
    await restart(world);
    await world.clock.runFor(1000);
    const [first, second] = bob.peer.requests();
    assert.ok(first !== undefined && second !== undefined);
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Type'])
      assert.equal(second.headers.text(name), first.headers.text(name), name);
    assert.deepEqual(second.body, first.body);
    assert.deepEqual(texts(bob), ['once']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('while a client has not answered yet: the same attempt goes on', {}, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('once'));
    const bob = await world.registeredPhone('bob', {}, () => silence);
    await world.clock.runFor(5000);
    bob.peer.script = () => answer(200);
    await restart(world);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['once']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('after an attempt that was refused: the next one keeps its own names', {}, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('twice'));
    const bob = await world.registeredPhone('bob', {}, () => answer(480));
    await world.clock.runFor(1000);
    await restart(world);
    await world.clock.runFor(31_000);
    assert.deepEqual(texts(bob), ['twice', 'twice']);
    assert.deepEqual(new Set(bob.received().map(({ headers }) => headers.text('CSeq'))), new Set(['1 MESSAGE', '2 MESSAGE']));
    assert.equal(new Set(bob.received().map(({ headers }) => headers.text('Call-ID'))).size, 2);
  });
});

describe('a crash while a message comes in', () => {
  inWorld(
    'before the answer of a relayed message: the sender’s retransmission is one to the client too',
    { trustedPeers: ['10.0.0.3'] },
    async (world) => {
      const bob = await world.registeredPhone('bob', {}, byMethod({ MESSAGE: () => silence }));
      const proxy = await world.phone('proxy');
      const template = proxy.messageTemplate(bobUri, { ...cpmMessage('relayed'), from: '<sip:eve@other.test>' });
      const names = proxy.send(template);
      await world.clock.runFor(1000);
      await restart(world);
      bob.peer.script = () => answer(200);
      proxy.send({ ...template, ...names });
      await world.clock.runFor(1000);
      assert.equal(proxy.answerTo(names)?.status, 200);
      assert.deepEqual(texts(bob), ['relayed']);
      assert.ok(bob.peer.requests().length > 1);
    },
  );

  for (const [message, headers] of [
    ['a relayed message', []],
    ['an anonymous one', [['Privacy', 'id']]],
  ] as const) {
    inWorld(
      `before the answer of ${message}: what its sender sends again, with his credentials, is a retransmission`,
      {},
      async (world) => {
        const bob = await world.registeredPhone('bob', {}, byMethod({ MESSAGE: () => silence }));
        const alice = await world.phone('alice');
        const template = alice.messageTemplate(bobUri, cpmMessage('relayed', { headers }));
        const credentials = alice.credentials(template, await alice.exchange(template), {});
        assert.ok(credentials !== undefined);
        const shown = { ...template, sequence: 2, headers: [...(template.headers ?? []), credentials] };
        const names = alice.send(shown);
        await world.clock.runFor(500);
        await restart(world);
        bob.peer.script = () => answer(200);
        alice.send({ ...shown, ...names });
        await world.clock.runFor(500);
        assert.equal(alice.answerTo(names)?.status, 200);
        assert.deepEqual(texts(bob), ['relayed']);
        assert.ok(bob.peer.requests().length > 1);
      },
    );
  }

  inWorld('while a message is stored: no answer was given, and what is sent again is stored once', {}, async (world) => {
    const alice = await world.phone('alice');
    world.mishaps.expect('INSERT INTO deferred_messages', 'hangs');
    await assert.rejects(alice.message(bobUri, { ...cpmMessage('again'), limitMilliseconds: 5000 }));
    await restart(world);
    assert.equal((await alice.message(bobUri, cpmMessage('again'))).status, 202);
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['again']);
  });
});

describe('faults of the database', () => {
  const faults = { faultsExpected: true };

  async function bobGets(world: World): Promise<readonly string[]> {
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    const got = texts(bob);
    await bob.register();
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), got);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    return got;
  }

  inWorld('a message that cannot be stored is 503 with Retry-After, and may come again', faults, async (world) => {
    const alice = await world.phone('alice');
    world.mishaps.expect('INSERT INTO deferred_messages', 'fails', 2);
    const failed = await alice.message(bobUri, cpmMessage('stored later'));
    assert.deepEqual(
      [failed.status, failed.headers.text('Retry-After'), failed.headers.text('Conversation-ID')],
      [503, '30', 'conversation-1'],
    );
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.equal((await alice.message(bobUri, cpmMessage('stored later'))).status, 202);
    assert.deepEqual(await bobGets(world), ['stored later']);
  });

  for (const [mishap, times, status] of [
    ['fails', 1, 202],
    ['answer lost', 1, 202],
    ['answer lost', 2, 503],
  ] as const) {
    inWorld(`store ${mishap}, ${times} times: ${status}, nothing lost, nothing doubled`, faults, async (world) => {
      const alice = await world.phone('alice');
      world.mishaps.expect('INSERT INTO deferred_messages', mishap, times);
      assert.equal((await alice.message(bobUri, cpmMessage('once'))).status, status);
      assert.equal((await alice.message(bobUri, cpmMessage('once'))).status, 202);
      assert.deepEqual(await bobGets(world), ['once']);
    });
  }

  for (const [times, requests] of [
    [1, 1],
    [3, 1],
    [4, 2],
  ] as const) {
    inWorld(`removal of a delivered message fails, ${times} times: ${requests} sent, one message`, faults, async (world) => {
      const alice = await world.phone('alice');
      await alice.message(bobUri, cpmMessage('once'));
      world.mishaps.expect('DELETE FROM deferred_messages', 'fails', times);
      const bob = await world.registeredPhone('bob');
      await world.clock.runFor(20_000);
      assert.deepEqual([texts(bob), bob.peer.requests().length], [['once'], requests]);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });
  }

  inWorld('removal of a message that a client accepts behind the 202 fails: it is not pushed all the same', faults, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', {}, always(late(12_000, answer(200))));
    world.mishaps.expect('DELETE FROM deferred_messages', 'fails', 3);
    assert.equal((await alice.message(bobUri, cpmMessage('late'))).status, 202);
    await world.clock.runFor(60_000);
    assert.equal(new Set(bob.peer.requests('MESSAGE').map(({ headers }) => headers.text('Call-ID'))).size, 1);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

describe('a message that the database has kept and not answered for', () => {
  const faults = { faultsExpected: true };

  inWorld('is not shown again when it was pushed and is sent again', faults, async (world) => {
    const alice = await world.phone('alice');
    world.mishaps.expect('INSERT INTO deferred_messages', 'answer lost', 2);
    assert.equal((await alice.message(bobUri, cpmMessage('once'))).status, 503);
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['once']);
    assert.equal((await alice.message(bobUri, cpmMessage('once'))).status, 202);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['once']);
  });

  for (const mishap of ['answer lost', 'fails'] as const) {
    inWorld(`is not sent to a client again that accepts it behind the 503, store ${mishap}`, faults, async (world) => {
      const alice = await world.phone('alice');
      const bob = await world.registeredPhone('bob', {}, always(late(12_000, answer(200))));
      world.mishaps.expect('INSERT INTO deferred_messages', mishap, 2);
      assert.equal((await alice.message(bobUri, cpmMessage('late'))).status, 503);
      assert.equal((await alice.message(bobUri, cpmMessage('late'))).status, 200, 'while the client has it');
      assert.equal((await alice.message(bobUri, cpmMessage('late'))).status, 200, 'and later');
      await world.clock.runFor(40_000);
      assert.deepEqual(texts(bob), ['late']);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    });
  }

  inWorld('comes again to a client that has not accepted it', faults, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', {}, always(late(12_000, answer(480))));
    world.mishaps.expect('INSERT INTO deferred_messages', 'fails', 2);
    assert.equal((await alice.message(bobUri, cpmMessage('again'))).status, 503);
    assert.equal((await alice.message(bobUri, cpmMessage('again'))).status, 503, 'while the client has it');
    bob.peer.script = () => answer(200);
    assert.equal((await alice.message(bobUri, cpmMessage('again'))).status, 200);
    assert.deepEqual(texts(bob), ['again', 'again']);
  });

  inWorld('is off the queue when a client accepts it late', faults, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', {}, byMethod({ MESSAGE: () => silence }));
    world.mishaps.expect('INSERT INTO deferred_messages', 'answer lost', 3);
    assert.equal((await alice.message(bobUri, cpmMessage('late'))).status, 503);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(40_000);
    await bob.deregister();
    await bob.register();
    await world.clock.runFor(40_000);
    assert.deepEqual(texts(bob), ['late']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});

/** Alice writes while Bob comes and goes and the server dies now and then, over a bad link. */
async function stormyDay(seed: number): Promise<void> {
  const world = new World({ seed, conditions: { ...roughLink, loss: 0.1 }, commitMilliseconds: seed % 3 === 0 ? 0 : 10 });
  const random = new SeededRandom(seed).fork('day');
  try {
    await world.run(world.server.start());
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const accepted: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      if (random.chance(0.4)) await bob.register({ expiresSeconds: 600 });
      if (random.chance(0.2)) await bob.deregister();
      bob.peer.script = random.chance(0.2) ? () => silence : () => answer(200);
      const text = `message ${round}`;
      const { status } = await alice.message(bobUri, { ...cpmMessage(text), limitMilliseconds: 60_000 });
      if (status < 300) accepted.push(text);
      if (random.chance(0.3)) {
        world.server.crash();
        await world.clock.runFor(random.integer(3000));
        await world.run(world.server.start());
      }
      await world.clock.runFor(random.integer(5000));
    }
    await world.clock.runFor(60_000);
    bob.peer.script = () => answer(200);
    await bob.register();
    await world.clock.runFor(120_000);
    assert.deepEqual(
      accepted.filter((text) => !texts(bob).includes(text)),
      [],
    );
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.equal(world.server.log.filter(({ level }) => level === 'error').length, 0);
  } finally {
    world.end();
  }
}

describe('a stormy day: whatever was accepted arrives', () => {
  for (let seed = 1; seed <= 8; seed += 1) it(`seed ${seed}`, () => stormyDay(seed));
});
