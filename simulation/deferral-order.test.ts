import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer, byMethod, late, type PeerScript, SeededRandom, silence } from '@opencpm/testkit';
import { bobUri, texts } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage, type Phone, textOf } from './phone.ts';
import { serverPort, World } from './world.ts';

/** `a1` is the first message of conversation `a`. */
const inConversation = (text: string) => cpmMessage(text, { conversationId: text.charAt(0) });

async function deferAll(alice: Phone, ...messages: readonly string[]): Promise<void> {
  for (const text of messages) assert.equal((await alice.message(bobUri, inConversation(text))).status, 202, text);
}

async function bobWith(world: World, script: PeerScript): Promise<Phone> {
  const bob = await world.phone('bob', byMethod({ MESSAGE: script }));
  assert.equal((await bob.register()).status, 200);
  return bob;
}

describe('order within a conversation (docs/decisions/0003)', () => {
  inWorld('the next message goes after the final answer to the one before; conversations go side by side', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'a1', 'a2', 'b1', 'a3', 'c1', 'b2');
    const bob = await bobWith(world, () => late(1000, answer(200)));
    const seen: string[][] = [];
    for (let second = 0; second < 3; second += 1) {
      await world.clock.runFor(990);
      seen.push([...texts(bob)]);
      await world.clock.runFor(20);
    }
    assert.deepEqual(seen, [
      ['a1', 'b1', 'c1'],
      ['a1', 'b1', 'c1', 'a2', 'b2'],
      ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'],
    ]);
    await world.clock.runFor(1000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('a long conversation leaves lanes to others, whichever page of the queue they stand on', {}, async (world) => {
    const alice = await world.phone('alice');
    const long = Array.from({ length: 60 }, (_, index) => `a${index}`);
    await deferAll(alice, ...long, 'b1');
    const bob = await bobWith(world, () => late(100, answer(200)));
    await world.clock.runFor(5000);
    assert.ok(texts(bob).indexOf('b1') < 40, 'b1 is read before the long conversation is through');
    await world.clock.runFor(5000);
    assert.deepEqual(
      texts(bob).filter((text) => text !== 'b1'),
      long,
    );
  });
});

describe('order and refusals (docs/decisions/0003)', () => {
  inWorld('a message that is refused for now holds back those after it, and nothing else', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'a1', 'a2', 'b1');
    const bob = await bobWith(world, ({ request, turn }) => answer(textOf(request) === 'a1' && turn === 1 ? 486 : 200));
    await world.clock.runFor(29_000);
    assert.deepEqual(texts(bob), ['a1', 'b1']);
    await world.clock.runFor(2000);
    assert.deepEqual(texts(bob), ['a1', 'b1', 'a1', 'a2']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('after three refusals of one message its conversation goes on without it', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'a1', 'a2', 'a3');
    const bob = await bobWith(world, ({ request }) => answer(textOf(request) === 'a1' ? 500 : 200));
    await world.clock.runFor(89_000);
    assert.deepEqual(texts(bob), ['a1', 'a1']);
    await world.clock.runFor(2000);
    assert.deepEqual(texts(bob), ['a1', 'a1', 'a1', 'a2', 'a3']);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });

  inWorld('a message that is refused for good holds back nothing', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'a1', 'a2');
    const bob = await bobWith(world, ({ request }) => answer(textOf(request) === 'a1' ? 415 : 200));
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['a1', 'a2']);
  });

  inWorld('messages that come at once are pushed in the order in which they were committed', { commitMilliseconds: 30 }, async (world) => {
    const alice = await world.phone('alice');
    const over = await world.run(alice.peer.connect(serverPort));
    await alice.register({ over });
    for (let index = 0; index < 20; index += 1) alice.peer.send(alice.messageTemplate(bobUri, inConversation(`a${index}`)), over);
    await world.clock.runFor(5000);
    const queue = await world.run(world.server.server.administration.queue({ user: 'bob', limit: 100 }));
    assert.ok(queue.kind === 'done' && queue.value.length === 20);
    const committed: string[] = [];
    for (const { messageUriId } of queue.value) {
      const shown = await world.run(world.server.server.administration.queuedMessage(messageUriId));
      assert.ok(shown.kind === 'done');
      committed.push(shown.value.text ?? '');
    }
    const bob = await bobWith(world, () => answer(200));
    await world.clock.runFor(5000);
    assert.deepEqual(texts(bob), committed);
  });
});

describe('a message that comes while earlier ones of its conversation wait (docs/decisions/0003)', () => {
  inWorld('is deferred behind them (202) and follows at once; other conversations pass (200)', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'a1', 'a2');
    const bob = await bobWith(world, ({ request }) => (textOf(request).startsWith('a') ? late(1000, answer(200)) : answer(200)));
    assert.equal((await alice.message(bobUri, inConversation('a3'))).status, 202);
    assert.equal((await alice.message(bobUri, inConversation('b1'))).status, 200);
    await world.clock.runFor(5000);
    assert.deepEqual(texts(bob), ['a1', 'b1', 'a2', 'a3']);
    assert.equal((await alice.message(bobUri, inConversation('a4'))).status, 200);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('waits behind one that its client is busy for', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobWith(world, ({ turn }) => answer(turn === 1 ? 486 : 200));
    await deferAll(alice, 'a1', 'a2');
    assert.deepEqual(texts(bob), ['a1']);
    await world.clock.runFor(31_000);
    assert.deepEqual(texts(bob), ['a1', 'a1', 'a2']);
  });

  inWorld('waits behind one whose request is still under way, also when that is answered late', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobWith(world, ({ turn }) => (turn === 1 ? late(20_000, answer(200)) : answer(200)));
    await deferAll(alice, 'a1', 'a2');
    assert.deepEqual(texts(bob), ['a1']);
    await world.clock.runFor(11_000);
    assert.deepEqual(texts(bob), ['a1', 'a2']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('waits for no message that its client has refused for good', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobWith(world, ({ request }) => answer(textOf(request) === 'a1' ? 415 : 200));
    await deferAll(alice, 'a1');
    assert.equal((await alice.message(bobUri, inConversation('a2'))).status, 200);
    assert.deepEqual(texts(bob), ['a1', 'a2']);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });

  inWorld('is found to be behind them by a server that has just started', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobWith(world, ({ turn }) => answer(turn === 1 ? 486 : 200));
    await deferAll(alice, 'a1');
    world.server.crash();
    await world.run(world.server.start());
    await deferAll(alice, 'a2');
    await world.clock.runFor(31_000);
    assert.deepEqual(texts(bob), ['a1', 'a1', 'a2']);
  });
});

/** Messages as they were shown: each text once, when its client said 200. */
class Reader {
  readonly shown: string[] = [];
  readonly #random: SeededRandom;
  readonly #refused = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Refuses for now or stays silent at most twice for each message. */
  readonly script: PeerScript = ({ request, copy }) => {
    const text = textOf(request);
    const refused = this.#refused.get(text) ?? 0;
    if (copy > 1 && refused > 0) return silence;
    if (!this.shown.includes(text) && refused < 2 && this.#random.chance(0.25)) {
      this.#refused.set(text, refused + 1);
      return this.#random.chance(0.7) ? answer(486) : silence;
    }
    if (!this.shown.includes(text)) this.shown.push(text);
    return answer(200);
  };
}

async function orderedDay(seed: number): Promise<void> {
  const world = new World({ seed, commitMilliseconds: seed % 2 === 0 ? 0 : 10 });
  const random = new SeededRandom(seed).fork('day');
  const reader = new Reader(random);
  try {
    await world.run(world.server.start());
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', byMethod({ MESSAGE: reader.script }));
    const sent: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      if (random.chance(0.3)) await bob.register({ expiresSeconds: 600 });
      if (random.chance(0.1)) await bob.deregister();
      const text = `${random.pick(['a', 'b', 'c'])}${round}`;
      const { status } = await alice.message(bobUri, { ...inConversation(text), limitMilliseconds: 60_000 });
      assert.ok(status === 200 || status === 202);
      sent.push(text);
      if (random.chance(0.1)) {
        world.server.crash();
        await world.run(world.server.start());
      }
      if (random.chance(0.5)) await world.clock.runFor(random.integer(20_000));
    }
    await bob.register();
    await world.clock.runFor(600_000);
    const of = (list: readonly string[], conversation: string) => list.filter((text) => text.startsWith(conversation));
    for (const conversation of ['a', 'b', 'c']) assert.deepEqual(of(reader.shown, conversation), of(sent, conversation));
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  } finally {
    world.end();
  }
}

describe('order in a conversation, as a client sees it, is the order of the commits (checker 5)', () => {
  for (let seed = 1; seed <= 8; seed += 1) it(`seed ${seed}`, () => orderedDay(seed));
});
