import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers } from '@opencpm/sip';
import { answer, hangUp, late, silence } from '@opencpm/testkit';
import { aliceUri, bobUri, bobsClient as client, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, msgTag, type Phone, textOf } from './phone.ts';
import { serverPort, type World } from './world.ts';

const instanceB = '<urn:uuid:00000000-0000-4000-8000-00000000000b>';

describe('one request per suitable client, the first 2xx wins (B 8.3.1.1)', () => {
  inWorld(
    'every suitable client gets the message at once; the first 2xx is answered at once, later ones are absorbed (B-8.3.1.1-18, -24)',
    {},
    async (world) => {
      const quick = await client(world, () => late(200, answer(200)));
      const slow = await client(world, () => late(3000, answer(202)));
      const alice = await world.phone('alice');
      const before = world.clock.now();
      const response = await alice.message(bobUri, cpmMessage('to both'));
      assert.equal(response.status, 200);
      assert.ok(world.clock.now() - before < 300);
      await world.clock.runFor(10_000);
      for (const phone of [quick, slow]) assert.equal(textOf(only(phone.received())), 'to both');
      const arrivals = [quick, slow].map(({ peer }) => peer.received.find(({ message }) => message?.kind === 'request')?.atMilliseconds);
      assert.equal(arrivals[0], arrivals[1]);
      assert.equal(alice.peer.responses().filter(({ status }) => status === 200).length, 1);
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );

  inWorld(
    'the request names service, release and device and has names of its own (B-8.3.1.1-19, -20, -21; decision 18)',
    {},
    async (world) => {
      const bob = await client(world, undefined, `;${msgTag};+sip.instance="${instanceB}"`);
      const alice = await world.phone('alice');
      await alice.message(bobUri, { ...cpmMessage('to one device'), callId: 'from-the-client' });
      const { headers, uri, method } = only(bob.received());
      assert.equal(method, 'MESSAGE');
      assert.equal(uri, `sip:bob@${bob.peer.address.host}:5060`);
      assert.deepEqual(headers.texts('Accept-Contact'), [`*;${msgTag}`, `*;+sip.instance="${instanceB}";require;explicit`]);
      assert.match(headers.text('User-Agent') ?? '', /^CPM-serv\/OMA2\.1 /);
      assert.equal(headers.text('P-Asserted-Service'), 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg');
      assert.equal(headers.text('P-Asserted-Identity'), `<${aliceUri}>`);
      assert.notEqual(headers.text('Call-ID'), 'from-the-client');
      assert.equal(headers.text('Conversation-ID'), 'conversation-1');
    },
  );

  inWorld('one client refuses, one accepts: delivered; a 6xx stops nobody (decision 44)', {}, async (world) => {
    await client(world, () => answer(486));
    await client(world, () => answer(603));
    await client(world, () => late(500, answer(200)));
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('somebody will'))).status, 200);
  });

  inWorld('the sender waits for nobody but the first 2xx and is never told of single refusals', {}, async (world) => {
    await client(world, () => answer(404));
    await client(world, () => silence);
    const alice = await world.phone('alice');
    const before = world.clock.now();
    assert.equal((await alice.message(bobUri, cpmMessage('one silent'))).status, 202);
    assert.ok(world.clock.now() - before >= 10_000);
  });
});

describe('what refusals come to (decision 44)', () => {
  for (const status of [302, 401, 407, 486, 480, 503]) {
    inWorld(
      `${status} counts as a failure that may pass: deferred whatever the policy (decision 44)`,
      { policy: { undelivered: 'reject' } },
      async (world) => {
        const bob = await client(world, () => answer(status, { headers: Headers.of(['Contact', '<sip:evil@10.0.0.9>']) }));
        const alice = await world.phone('alice');
        assert.equal((await alice.message(bobUri, cpmMessage('not now'))).status, 202);
        assert.equal(bob.received().length, 1);
        assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
      },
    );
  }

  const refusals = [
    { refused: [404], best: 404 },
    { refused: [415, 404], best: 404 },
    { refused: [488, 606], best: 606 },
    { refused: [501, 413], best: 413 },
  ];
  for (const { refused, best } of refusals) {
    inWorld(
      `${refused.join(' and ')} refuse for good: ${best} with policy reject, 202 with defer (B-8.3.1.1-25, -26)`,
      { policy: { undelivered: 'reject' } },
      async (world) => {
        for (const status of refused) await client(world, () => answer(status));
        const alice = await world.phone('alice');
        const response = await alice.message(bobUri, cpmMessage('no'));
        assert.equal(response.status, best);
        assert.equal(response.headers.text('Conversation-ID'), 'conversation-1');
        assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
      },
    );
    inWorld(`${refused.join(' and ')} with policy defer is kept`, {}, async (world) => {
      for (const status of refused) await client(world, () => answer(status));
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, cpmMessage('kept'))).status, 202);
      assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
    });
  }

  inWorld('one for good and one for now is deferred also with policy reject', { policy: { undelivered: 'reject' } }, async (world) => {
    await client(world, () => answer(404));
    await client(world, () => answer(486));
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('perhaps'))).status, 202);
  });
});

describe('nobody takes it', () => {
  inWorld('nobody registered: 202, kept (B-8.3.1.1-23)', {}, async (world) => {
    const alice = await world.phone('alice');
    const response = await alice.message(bobUri, cpmMessage('away'));
    assert.equal(response.status, 202);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });

  inWorld('nobody registered with policy reject: 480, not kept (decision 37)', { policy: { undelivered: 'reject' } }, async (world) => {
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('away'))).status, 480);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('without an ISF policy interwork keeps the message (decision 45)', { policy: { undelivered: 'interwork' } }, async (world) => {
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('away'))).status, 202);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });
});

describe('nobody answers in time (decision 43)', () => {
  inWorld('a silent client: 202 after answerWithin, and a late 2xx takes the row away (decision 43)', {}, async (world) => {
    const bob = await client(world, ({ copy }) => (copy === 1 ? late(12_000, answer(200)) : silence));
    const alice = await world.phone('alice');
    const before = world.clock.now();
    assert.equal((await alice.message(bobUri, cpmMessage('slowly'))).status, 202);
    const waited = world.clock.now() - before;
    assert.ok(waited >= 10_000 && waited < 10_500, `${waited} ms`);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
    await world.clock.runFor(5000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    await bob.register();
    await world.clock.runFor(60_000);
    assert.equal(bob.received().length, 1, 'what was accepted late is not pushed again');
  });

  inWorld('a silent client that registers again while its request is still under way gets no second one beside it', {}, async (world) => {
    const bob = await client(world, () => silence);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('one way only'))).status, 202);
    await bob.register();
    await world.clock.runFor(1000);
    bob.peer.script = () => answer(200);
    await world.clock.runFor(60_000);
    assert.deepEqual(texts(bob), ['one way only']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld(
    'a silent client that stays silent is pushed to once its request has ended, if it has registered meanwhile',
    {},
    async (world) => {
      const bob = await client(world, () => silence);
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, cpmMessage('second try'))).status, 202);
      await bob.register();
      await world.clock.runFor(23_000);
      bob.peer.script = () => answer(200);
      await world.clock.runFor(5000);
      assert.deepEqual(new Set(texts(bob)), new Set(['second try']));
      assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    },
  );

  inWorld(
    'answerWithin is the operator’s, and 100 is not sent on UDP before 3.5 s (decision 43, RFC 4320)',
    { policy: { answerWithinSeconds: 2 } },
    async (world) => {
      await client(world, () => silence);
      const alice = await world.phone('alice');
      const before = world.clock.now();
      assert.equal((await alice.message(bobUri, cpmMessage('quickly'))).status, 202);
      assert.ok(world.clock.now() - before < 2500);
      assert.ok(alice.peer.responses().every(({ status }) => status !== 100));
    },
  );
});

describe('a client that cannot be reached', () => {
  inWorld('a client that stayed silent is not tried again until it registers', {}, async (world) => {
    const bob = await client(world, () => silence);
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('one'));
    await world.clock.runFor(40_000);
    const before = bob.peer.requests().length;
    const asked = world.clock.now();
    assert.equal((await alice.message(bobUri, cpmMessage('two'))).status, 202);
    assert.ok(world.clock.now() - asked < 1000, 'nobody is waited for');
    assert.equal(bob.peer.requests().length, before);
    bob.peer.script = () => answer(200);
    await bob.register();
    await world.clock.runFor(1000);
    assert.deepEqual(new Set(texts(bob)), new Set(['one', 'two']));
    assert.equal((await alice.message(bobUri, cpmMessage('three'))).status, 200);
  });

  inWorld(
    'a message too long for a client’s way keeps the client reachable for others',
    { limits: { udpRequestBytes: 2000 }, faultsExpected: true },
    async (world) => {
      const bob = await client(world);
      world.network.refuseConnections(bob.peer.address);
      const alice = await world.phone('alice');
      const over = await world.run(alice.peer.connect(serverPort));
      assert.equal((await alice.message(bobUri, { ...cpmMessage('x'.repeat(3000), { messageId: 'long' }), over })).status, 202);
      assert.equal((await alice.message(bobUri, { ...cpmMessage('short'), over })).status, 200);
      await bob.register();
      await world.clock.runFor(5000);
      assert.deepEqual(texts(bob), ['short']);
      world.network.refuseConnections(bob.peer.address, false);
      await world.clock.runFor(120_000);
      await bob.register();
      await world.clock.runFor(5000);
      assert.equal(texts(bob).length, 2);
      const long = bob.peer.received.find(({ message }) => message?.kind === 'request' && textOf(message).startsWith('x'));
      assert.equal(long?.flow.transport, 'TCP');
    },
  );
});

describe('a device that registered over two flows (RFC 5626 §5.3)', () => {
  const tags = (flow: number) => `;${msgTag};+sip.instance="${instanceB}";reg-id=${flow}`;

  /** Bob's device by UDP and by TCP, in the order given. */
  async function twoFlows(world: World, order: readonly ('UDP' | 'TCP')[]): Promise<Phone> {
    const bob = await world.phone('bob');
    for (const transport of order) {
      const contacts = [`${bob.contact}${tags(transport === 'UDP' ? 1 : 2)}`];
      const over = transport === 'TCP' ? { over: await world.run(bob.peer.connect(serverPort)) } : {};
      assert.equal((await bob.register({ contacts, callId: transport, ...over })).status, 200);
    }
    return bob;
  }

  const transports = (bob: Phone) =>
    bob.peer.received.filter(({ message }) => message?.kind === 'request').map(({ flow }) => flow.transport);

  inWorld('gets a message once, by the one that it registered last', {}, async (world) => {
    const bob = await twoFlows(world, ['UDP', 'TCP']);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('once'))).status, 200);
    await world.clock.runFor(1000);
    assert.deepEqual(transports(bob), ['TCP']);
  });

  inWorld('gets it by the other one when that has died', {}, async (world) => {
    const bob = await twoFlows(world, ['UDP', 'TCP']);
    bob.peer.script = ({ copy }) => (transports(bob).at(-1) === 'TCP' && copy === 1 ? hangUp : answer(200));
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('all the same'))).status, 200);
    assert.deepEqual(transports(bob), ['TCP', 'UDP']);
  });

  inWorld('gets a long one by its connection (decision 41)', {}, async (world) => {
    const bob = await twoFlows(world, ['TCP', 'UDP']);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('short'))).status, 200);
    const before = bob.peer.connections.length;
    assert.equal((await alice.message(bobUri, cpmMessage('x'.repeat(2000), { messageId: 'long' }))).status, 200);
    assert.deepEqual(transports(bob), ['UDP', 'TCP']);
    assert.equal(bob.peer.connections.length, before, 'no new connection');
  });
});
