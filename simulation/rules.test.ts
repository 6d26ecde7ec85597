import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer } from '@opencpm/testkit';
import { aliceUri, bobsClient, bobUri, clientOf, notifications, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag } from './phone.ts';
import { adds, cpimHeader, removes, verdict } from './rules.ts';

const refused = [403, '399 cpm.test "122 Function not allowed"'] as const;
const delivered = [200, undefined] as const;
const deferred = [202, undefined] as const;
const nothingKept = { deferred: 0, owed: 0 };
const asking = { messageId: 'm1', notifications: ['positive-delivery', 'negative-delivery', 'display'] };

describe('reject (B-8.3.1.1-07)', () => {
  inWorld('is 403 with Warning 122, the ids of the request and Server; nobody gets the message, nothing is kept', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['reject'] });
    const response = await alice.message(bobUri, cpmMessage('x', asking));
    assert.deepEqual(verdict(response), refused);
    const shown = ['Conversation-ID', 'Contribution-ID'].map((name) => response.headers.text(name));
    assert.deepEqual(shown, ['conversation-1', 'contribution-m1']);
    assert.match(response.headers.text('Server') ?? '', /^CPM-serv\/OMA2\.1 /);
    assert.deepEqual([texts(bob), await waitingRows(world)], [[], nothingKept]);
  });

  inWorld('ends when the rule is removed: the same message may come again', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    const rule = await adds(world, 'bob', { actions: ['reject'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), refused);
    await removes(world, 'bob', rule);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), delivered);
    assert.deepEqual(texts(bob), ['x']);
  });

  inWorld('is of those whom the rule names, or of others (wire facts 12.3)', { users: ['alice', 'bob', 'carol'] }, async (world) => {
    await bobsClient(world);
    const alice = await world.phone('alice');
    const carol = await world.phone('carol');
    const named = await adds(world, 'bob', { actions: ['reject'], from: ['sip:alice@CPM.test'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), refused);
    assert.deepEqual(verdict(await carol.message(bobUri, cpmMessage('2', { from: 'sip:carol@cpm.test' }))), delivered);
    await removes(world, 'bob', named);
    await adds(world, 'bob', { actions: ['reject'], others: true });
    await adds(world, 'bob', { actions: ['defer'], from: [aliceUri] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('3'))), deferred);
    assert.deepEqual(verdict(await carol.message(bobUri, cpmMessage('4', { from: 'sip:carol@cpm.test' }))), refused);
  });

  inWorld('does not count for a notification (decision 46)', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['reject'] });
    assert.deepEqual(verdict(await alice.message(bobUri, imdnMessage('m9'))), delivered);
    assert.deepEqual(notifications(bob), ['m9 delivered']);
  });

  inWorld('outlives a restart', {}, async (world) => {
    await adds(world, 'bob', { actions: ['reject'] });
    world.server.crash();
    await world.run(world.server.start());
    const alice = await world.phone('alice');
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), refused);
  });
});

describe('do not disturb (B-8.3.1.1-15, decision 12)', () => {
  inWorld('defers what comes to a client that is there, notifications too, and ends with the rule', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    const rule = await adds(world, 'bob', { actions: ['do-not-disturb'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), deferred);
    assert.deepEqual(verdict(await alice.message(bobUri, imdnMessage('m9'))), deferred);
    await bob.register();
    await world.clock.runFor(60_000);
    assert.deepEqual([texts(bob), (await waitingRows(world)).deferred], [[], 2]);
    await removes(world, 'bob', rule);
    await world.clock.runFor(1000);
    assert.deepEqual([texts(bob).filter((text) => text === 'x'), notifications(bob)], [['x'], ['m9 delivered']]);
    assert.equal((await waitingRows(world)).deferred, 0);
  });

  inWorld('goes before interwork, store, forward and defer, and after reject', {}, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['do-not-disturb'] });
    await adds(world, 'bob', { actions: ['interwork', 'store', 'forward', 'defer'], forwardTo: aliceUri });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), deferred);
    await adds(world, 'bob', { actions: ['reject'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), refused);
  });
});

describe('interwork and deliver and interwork (B-8.3.1.1-08)', () => {
  const isf = { isf: 'sip:10.0.0.2' };

  inWorld('interwork sends the message to the ISF alone, whose answer is the sender’s', isf, async (world) => {
    const gateway = await world.peer('isf', () => answer(200));
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['interwork'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), delivered);
    assert.deepEqual([only(gateway.requests('MESSAGE')).uri, texts(bob)], [bobUri, []]);
  });

  inWorld('deliver and interwork sends it to both', isf, async (world) => {
    const gateway = await world.peer('isf', () => answer(480));
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['deliver-and-interwork'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), delivered);
    assert.deepEqual([only(gateway.requests('MESSAGE')).uri, texts(bob)], [bobUri, ['x']]);
  });

  inWorld('what the ISF refuses is undelivered: kept by policy defer (B-8.3.1.1-25, -26)', isf, async (world) => {
    await world.peer('isf', () => answer(606));
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['interwork'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), deferred);
    assert.equal((await waitingRows(world)).deferred, 1);
  });

  inWorld(
    'what clients refuse goes to the ISF by policy interwork (B-8.3.1.1-27)',
    { ...isf, policy: { undelivered: 'interwork' } },
    async (world) => {
      const gateway = await world.peer('isf', () => answer(202));
      await bobsClient(world, () => answer(603));
      const alice = await world.phone('alice');
      assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), deferred);
      assert.deepEqual([only(gateway.requests('MESSAGE')).uri, (await waitingRows(world)).deferred], [bobUri, 0]);
    },
  );

  inWorld('without an ISF interworking counts as failed (decision 45)', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['interwork'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), deferred);
    assert.deepEqual([texts(bob), (await waitingRows(world)).deferred], [[], 1]);
  });
});

describe('store (B-8.3.1.1-09 to -12)', () => {
  inWorld('is 200, tells the sender that the message is delivered, and brings it to no client', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await adds(world, 'bob', { actions: ['store'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x', asking))), delivered);
    await world.clock.runFor(1000);
    assert.deepEqual([texts(bob), notifications(alice)], [[], ['m1 delivered']]);
    assert.deepEqual(await waitingRows(world), nothingKept);
  });

  const full = { limits: { storedObjectsPerUser: 1 }, faultsExpected: true };

  inWorld('is undelivered when the store is full, and policy decides', full, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['store'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), delivered);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), deferred);
    assert.equal((await waitingRows(world)).deferred, 1);
  });
});

describe('defer (B-8.3.1.1-14)', () => {
  inWorld('keeps what comes for a client that is there until one registers', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['defer'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), deferred);
    assert.deepEqual(texts(bob), []);
    const other = await bobsClient(world);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(other), ['x']);
  });
});

describe('record (B-8.3.1.1-16, A-8.5.1-07)', () => {
  inWorld('gives each side the UID of its own store', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['record'] });
    const first = await alice.message(bobUri, cpmMessage('1', { headers: [['Message-UID', '77']] }));
    await adds(world, 'alice', { actions: ['record'] });
    const second = await alice.message(bobUri, cpmMessage('2'));
    assert.deepEqual(
      [first, second].map(({ headers }) => headers.text('Message-UID')),
      [undefined, '1'],
    );
    assert.deepEqual(
      bob.received().map(({ headers }) => headers.text('Message-UID')),
      ['1', '2'],
    );
  });
});

describe('what clients are told of the message (B-8.3.1.1-19, -21, decision 18)', () => {
  inWorld('one tag, the release, their instance, no P-header of the network', {}, async (world) => {
    const instance = '<urn:uuid:00000000-0000-4000-8000-0000000000b0>';
    const bob = await clientOf(world, 'bob', `;+sip.instance="${instance}";${msgTag}`);
    const alice = await world.phone('alice');
    const networks = [
      'P-Charging-Vector',
      'P-Charging-Function-Addresses',
      'P-Access-Network-Info',
      'P-Visited-Network-ID',
      'P-Served-User',
    ];
    await alice.message(bobUri, cpmMessage('x', { headers: networks.map((name) => [name, 'x'] as const) }));
    const { headers } = only(bob.received());
    assert.equal(headers.texts('Accept-Contact').filter((value) => value.includes('oma.cpm')).length, 1);
    assert.ok(headers.texts('Accept-Contact').includes(`*;+sip.instance="${instance}";require;explicit`));
    assert.match(headers.text('User-Agent') ?? '', /^CPM-serv\/OMA2\.1 /);
    assert.deepEqual(
      networks.filter((name) => headers.has(name)),
      [],
    );
    assert.deepEqual([headers.text('P-Asserted-Identity'), cpimHeader(only(bob.received()), 'To')], [`<${aliceUri}>`, [`<${bobUri}>`]]);
  });
});
