import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, byMethod, late, type PeerScript, roughLink } from '@opencpm/testkit';
import { bobUri, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, deferredTag, imdnMessage, msgTag, type Phone } from './phone.ts';
import { simulatedUser } from './simulated-server.ts';
import { domain, type World } from './world.ts';

async function deferAll(alice: Phone, ...messages: readonly string[]): Promise<void> {
  for (const text of messages) assert.equal((await alice.message(bobUri, cpmMessage(text))).status, 202);
}

function bobWith(world: World, script: PeerScript): Promise<Phone> {
  return world.phone('bob', byMethod({ MESSAGE: script }));
}

describe('a deferred message as it is pushed (B 8.3.1.6.1, 8.3.1.6.6)', () => {
  inWorld(
    'has the stored start line, headers and body, names of its own and the tag deferred (B-8.3.1.6.1-01, -02; B-8.3.1.6.6-02, -03, -05, -06)',
    {},
    async (world) => {
      const alice = await world.phone('alice');
      const headers = [
        ['Subject', 'later'],
        ['InReplyTo-Contribution-ID', 'earlier'],
        ['P-Charging-Vector', 'icid-value=1'],
        ['X-Unknown', 'not stored'],
        ['User-Agent', 'CPM-client/OMA2.1 Phone/1'],
      ] as const;
      const message = cpmMessage('for later', { headers, notifications: ['positive-delivery', 'display'] });
      await alice.message(bobUri, { ...message, callId: 'of-alice' });
      const bob = await world.registeredPhone('bob');
      await world.clock.runFor(1000);
      const pushed = only(bob.received());
      assert.equal(pushed.method, 'MESSAGE');
      assert.equal(pushed.uri, `sip:bob@${bob.peer.address.host}:5060`);
      const expected = {
        Subject: 'later',
        'InReplyTo-Contribution-ID': 'earlier',
        'Conversation-ID': 'conversation-1',
        'Contribution-ID': 'contribution-m-for-later',
        'P-Asserted-Identity': `<sip:alice@${domain}>`,
        To: `<${bobUri}>`,
        Date: 'Mon, 01 Jan 2024 00:00:00 GMT',
        'Accept-Contact': `*;${deferredTag}`,
        'Content-Type': 'message/cpim',
        'Content-Length': String(message.body?.length),
      };
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(pushed.headers.texts(name), [value], name);
      assert.match(pushed.headers.text('From') ?? '', /^<sip:alice@cpm\.test>;tag=[0-9a-f]{16}$/);
      assert.match(pushed.headers.text('User-Agent') ?? '', /^CPM-serv\/OMA2\.1 /);
      assert.notEqual(pushed.headers.text('Call-ID'), 'of-alice');
      for (const name of ['P-Charging-Vector', 'X-Unknown']) assert.equal(pushed.headers.has(name), false, name);
      assert.equal(new TextDecoder().decode(pushed.body), message.body);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );

  inWorld('keeps the Date that it had', {}, async (world) => {
    const alice = await world.phone('alice');
    const date = 'Sun, 31 Dec 2023 23:59:00 GMT';
    await alice.message(bobUri, cpmMessage('dated', { headers: [['Date', date]] }));
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.equal(only(bob.received()).headers.text('Date'), date);
  });

  inWorld('names the device that it is for', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'x');
    const bob = await world.phone('bob');
    const instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000b>"';
    await bob.register({ contacts: [`${bob.contact};${msgTag};${instance}`] });
    await world.clock.runFor(1000);
    assert.deepEqual(only(bob.received()).headers.texts('Accept-Contact'), [`*;${deferredTag}`, `*;${instance};require;explicit`]);
  });
});

describe('pushing (B 8.3.1.6.2)', () => {
  inWorld('begins after the 200 to any REGISTER and keeps the order of arrival (B-8.3.1.6.2-04)', {}, async (world) => {
    const alice = await world.phone('alice');
    const all = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    await deferAll(alice, ...all);
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), all);
    const first = bob.peer.received.findIndex(({ message }) => message?.kind === 'request');
    const ok = bob.peer.received.findIndex(({ message }) => message?.kind === 'response' && message.status === 200);
    assert.ok(ok < first, 'the 200 comes first');
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('has at most pushInFlightPerClient messages under way', { limits: { pushInFlightPerClient: 3 } }, async (world) => {
    const alice = await world.phone('alice');
    for (let index = 0; index < 8; index += 1) {
      const message = cpmMessage(`message ${index}`, { conversationId: `conversation-${index}` });
      assert.equal((await alice.message(bobUri, message)).status, 202);
    }
    const bob = await bobWith(world, () => late(400, answer(200)));
    await bob.register();
    const counts: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await world.clock.runFor(390);
      counts.push(bob.received().length);
      await world.clock.runFor(20);
    }
    assert.deepEqual(counts, [3, 6, 8]);
    assert.equal(bob.peer.requests('MESSAGE').length, 8);
  });

  inWorld('goes to each client that registers while the message waits', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'to all');
    const one = await bobWith(world, () => late(300, answer(480)));
    const other = await bobWith(world, () => late(400, answer(200)));
    await one.register();
    await other.register();
    await world.clock.runFor(2000);
    assert.deepEqual([texts(one), texts(other)], [['to all'], ['to all']]);
    const third = await world.registeredPhone('bob');
    await world.clock.runFor(2000);
    assert.deepEqual(texts(third), []);
  });
});

describe('what a push leaves in the queue (B-8.3.1.6.2-04, B-8.3.1.6.6-10)', () => {
  inWorld('registering again while a push is under way does not double anything', {}, async (world) => {
    const alice = await world.phone('alice');
    await deferAll(alice, 'one', 'two');
    const bob = await bobWith(world, () => late(1000, answer(200)));
    await bob.register();
    await bob.register();
    await world.clock.runFor(10_000);
    assert.deepEqual(texts(bob), ['one', 'two']);
  });

  inWorld(
    'a client that goes while it is pushed to leaves the rest for the next one',
    { limits: { pushInFlightPerClient: 1 } },
    async (world) => {
      const alice = await world.phone('alice');
      await deferAll(alice, 'one', 'two', 'three');
      const bob = await bobWith(world, () => late(1000, answer(200)));
      await bob.register();
      await world.clock.runFor(500);
      await bob.deregister();
      await world.clock.runFor(60_000);
      assert.deepEqual(texts(bob), ['one']);
      const next = await world.registeredPhone('bob');
      await world.clock.runFor(1000);
      assert.deepEqual(texts(next), ['two', 'three']);
    },
  );
});

describe('what a push sends to whom', () => {
  inWorld('a plain client gets text for what it refuses as CPIM, and the function notifies', {}, async (world) => {
    const alice = await world.registeredPhone('alice');
    await alice.message(bobUri, cpmMessage('plain words', { messageId: 'm1', notifications: ['positive-delivery'] }));
    // Beyond the first round of the server's upkeep, which would send it as well.
    await world.clock.runFor(5000);
    const bob = await bobWith(world, ({ request }) => answer(request.headers.text('Content-Type') === 'message/cpim' ? 415 : 200));
    await bob.register({ contacts: [bob.contact] });
    await world.clock.runFor(1000);
    assert.deepEqual(
      bob.received().map(({ headers }) => headers.text('Content-Type')),
      ['message/cpim', 'text/plain;charset=UTF-8'],
    );
    assert.equal(bob.received().at(-1)?.body.length, 'plain words'.length);
    assert.match(new TextDecoder().decode(only(alice.received()).body), /<message-id>m1<\/message-id>[\s\S]*<delivered\/>/);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('a notification is pushed to the device that it names while that is there', {}, async (world) => {
    const alice = await world.phone('alice');
    const named = '<urn:uuid:00000000-0000-4000-8000-00000000000a>';
    const accept = [['Accept-Contact', `*;+sip.instance="${named}";require;explicit`]] as const;
    const one = await bobWith(world, () => answer(480));
    await one.register({ contacts: [`${one.contact};${msgTag};+sip.instance="${named}"`] });
    assert.equal((await alice.message(bobUri, imdnMessage('m1', { headers: accept }))).status, 202);
    const other = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.equal(other.received().length, 0);
    one.peer.script = () => answer(200);
    await world.clock.runFor(30_000);
    assert.equal(one.received().length, 2);
    assert.equal(other.received().length, 0);
  });

  inWorld(
    'everything arrives once over a link that loses, doubles and reorders',
    { conditions: { ...roughLink, loss: 0.15 }, seed: 7 },
    async (world) => {
      const alice = await world.phone('alice');
      const all = Array.from({ length: 15 }, (_, index) => `message ${index}`);
      await deferAll(alice, ...all);
      const bob = await world.registeredPhone('bob');
      await world.clock.runFor(60_000);
      assert.deepEqual([...texts(bob)].sort(), [...all].sort());
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );
});

describe('a message and a REGISTER at the same time', () => {
  for (const milliseconds of [0, 20, 40, 60, 80, 100, 120, 140]) {
    inWorld(
      `a message that comes ${milliseconds} ms after a REGISTER, while commits take 40 ms, is not stuck`,
      { commitMilliseconds: 20 },
      async (world) => {
        const alice = await world.phone('alice');
        const bob = await world.phone('bob');
        const message = alice.messageTemplate(bobUri, cpmMessage('just then'));
        const registration = bob.registerTemplate();
        const signed = [
          alice.credentials(message, await alice.exchange(message), {}),
          bob.credentials(registration, await bob.exchange(registration), {}),
        ];
        const [forAlice, forBob] = signed;
        assert.ok(forAlice !== undefined && forBob !== undefined);
        const registering = bob.send({ ...registration, sequence: 2, headers: [...(registration.headers ?? []), forBob] });
        await world.clock.runFor(milliseconds);
        const sending = alice.send({ ...message, sequence: 2, headers: [...(message.headers ?? []), forAlice] });
        await world.clock.runFor(60_000);
        assert.equal(bob.answerTo(registering)?.status, 200);
        assert.ok([200, 202].includes(alice.answerTo(sending)?.status ?? 0));
        assert.deepEqual(texts(bob), ['just then']);
        assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
      },
    );
  }
  for (const milliseconds of [0, 20, 40, 60, 80]) {
    inWorld(
      `a REGISTER that comes ${milliseconds} ms after a message, while commits take 40 ms, brings it`,
      { commitMilliseconds: 20 },
      async (world) => {
        const alice = await world.phone('alice');
        const bob = await world.phone('bob');
        const message = alice.messageTemplate(bobUri, cpmMessage('just before'));
        const registration = bob.registerTemplate();
        const forAlice = alice.credentials(message, await alice.exchange(message), {});
        const forBob = bob.credentials(registration, await bob.exchange(registration), {});
        assert.ok(forAlice !== undefined && forBob !== undefined);
        const sending = alice.send({ ...message, sequence: 2, headers: [...(message.headers ?? []), forAlice] });
        await world.clock.runFor(milliseconds);
        bob.send({ ...registration, sequence: 2, headers: [...(registration.headers ?? []), forBob] });
        await world.clock.runFor(60_000);
        assert.equal(alice.answerTo(sending)?.status, 202);
        assert.deepEqual(texts(bob), ['just before']);
        assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
      },
    );
  }
});

describe('bounds and the operator', () => {
  inWorld(
    'a full queue is 480 with Retry-After, and frees itself by delivery',
    { limits: { deferredMessagesPerUser: 2 } },
    async (world) => {
      const alice = await world.phone('alice');
      await deferAll(alice, 'one', 'two');
      const full = await alice.message(bobUri, cpmMessage('three'));
      assert.deepEqual([full.status, full.headers.text('Retry-After')], [480, '30']);
      const bob = await world.registeredPhone('bob');
      await world.clock.runFor(1000);
      assert.deepEqual(texts(bob), ['one', 'two']);
      await bob.deregister();
      await deferAll(alice, 'three');
    },
  );

  inWorld('removing a user in the middle of a push ends it, leaves nothing and makes him unknown', addedUser(), async (world) => {
    const { administration } = world.server.server;
    const added = await world.run(administration.addUser({ user: 'carol', password: 'carol', identities: [] }));
    assert.equal(added.kind, 'done');
    const carolUri = `sip:carol@${domain}`;
    const alice = await world.phone('alice');
    for (const text of ['one', 'two', 'three']) assert.equal((await alice.message(carolUri, cpmMessage(text))).status, 202);
    const carol = await world.phone('carol', () => late(1000, answer(200)));
    await carol.register();
    await world.clock.runFor(500);
    assert.equal((await world.run(administration.removeUser('carol'))).kind, 'done');
    await world.clock.runFor(60_000);
    assert.deepEqual(texts(carol), ['one']);
    assert.equal((await alice.message(carolUri, cpmMessage('four'))).status, 404);
    assert.equal((await carol.register()).status, 401);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('a message that the operator drops is not pushed; the sender is told when he asked', {}, async (world) => {
    const { administration } = world.server.server;
    const alice = await world.registeredPhone('alice');
    await alice.message(bobUri, cpmMessage('dropped', { messageId: 'm1', notifications: ['negative-delivery'] }));
    const queue = await world.run(administration.queue({ limit: 10 }));
    assert.ok(queue.kind === 'done');
    const { messageUriId } = only(queue.value);
    assert.match(messageUriId, /^sip:[0-9a-f-]+@cpm\.test$/);
    assert.equal((await world.run(administration.dropQueuedMessage(messageUriId))).kind, 'done');
    await world.clock.runFor(61_000);
    assert.match(new TextDecoder().decode(only(alice.received()).body), /<message-id>m1<\/message-id>[\s\S]*<failed\/>/);
    const bob = await world.registeredPhone('bob');
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), []);
  });
});

function addedUser() {
  return { users: [simulatedUser('alice')], limits: { pushInFlightPerClient: 1 } };
}
