import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { aliceUri, bobsClient, bobUri, clientOf, notifications, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag } from './phone.ts';
import { adds, cpimHeader, verdict } from './rules.ts';

const carolUri = 'sip:carol@cpm.test';
const anonymous = 'sip:anonymous@anonymous.invalid';
const users = { users: ['alice', 'bob', 'carol', 'dave', 'erin'] };

describe('forward (B-8.3.1.1-13)', () => {
  inWorld('brings the message to the other address, which every header names; the sender is the same', users, async (world) => {
    const bob = await bobsClient(world);
    const carol = await clientOf(world, 'carol', `;${msgTag}`);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    const sent = cpmMessage('x', {
      notifications: ['positive-delivery'],
      headers: [
        ['Subject', 'tea'],
        ['P-Charging-Vector', 'x'],
      ],
    });
    assert.deepEqual(verdict(await alice.message(bobUri, sent)), [200, undefined]);
    const request = only(carol.received());
    assert.deepEqual(texts(bob), []);
    const shown = ['From', 'To', 'P-Asserted-Identity', 'Subject', 'Conversation-ID', 'Contribution-ID', 'P-Charging-Vector'].map((name) =>
      request.headers.text(name)?.replace(/;tag=.*/, ''),
    );
    const expected = [`<${aliceUri}>`, `<${carolUri}>`, `<${aliceUri}>`, 'tea', 'conversation-1', 'contribution-m-x', undefined];
    assert.deepEqual(shown, expected);
    const cpim = ['From', 'To', 'imdn.Original-To', 'imdn.Message-ID'].map((name) => cpimHeader(request, name));
    assert.deepEqual(cpim, [[`<${aliceUri}>`], [`<${carolUri}>`], [`<${bobUri}>`], ['m-x']]);
  });

  inWorld('by two users says whom the sender wrote to', users, async (world) => {
    const dave = await clientOf(world, 'dave', `;${msgTag}`);
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    await adds(world, 'carol', { actions: ['forward'], forwardTo: 'sip:dave@cpm.test' });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), [200, undefined]);
    const request = only(dave.received());
    assert.deepEqual(
      ['To', 'imdn.Original-To'].map((name) => cpimHeader(request, name)),
      [['<sip:dave@cpm.test>'], [`<${bobUri}>`]],
    );
  });
});

describe('what the sender is answered (B-8.3.1.1-24)', () => {
  inWorld('is the answer of the other side, with its Warning', users, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), [202, undefined]);
    await adds(world, 'carol', { actions: ['reject'] });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), [403, '399 cpm.test "122 Function not allowed"']);
    assert.equal((await waitingRows(world)).deferred, 1);
  });

  inWorld(
    'is that of another domain, and the request names nobody’s way here',
    { ...users, routes: { 'other.test': 'sip:10.0.0.2' } },
    async (world) => {
      const other = await world.peer('other', () =>
        answer(480, { headers: Headers.of(['Retry-After', '77'], ['Warning', '399 other.test "away"']) }),
      );
      const alice = await world.phone('alice');
      await adds(world, 'bob', { actions: ['forward'], forwardTo: 'sip:dora@other.test' });
      const response = await alice.message(bobUri, cpmMessage('x'));
      assert.deepEqual([...verdict(response), response.headers.text('Retry-After')], [480, '399 other.test "away"', '77']);
      const { uri, headers } = only(other.requests());
      assert.deepEqual([uri, headers.text('To'), headers.texts('Via').length], ['sip:dora@other.test', '<sip:dora@other.test>', 1]);
    },
  );
});

describe('a message that is forwarded again and again', () => {
  inWorld('in a circle is 482, and nobody gets or keeps the message', users, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    await adds(world, 'carol', { actions: ['forward'], forwardTo: bobUri });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), [482, undefined]);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    await adds(world, 'dave', { actions: ['forward'], forwardTo: 'sip:dave@cpm.test' });
    assert.deepEqual(verdict(await alice.message('sip:dave@cpm.test', cpmMessage('y'))), [482, undefined]);
  });

  inWorld('more often than limits.forwards is 480', { ...users, limits: { forwards: 2 } }, async (world) => {
    const alice = await world.phone('alice');
    const chain = ['bob', 'carol', 'dave', 'erin'];
    for (const [place, user] of chain.slice(1).entries()) {
      await adds(world, chain[place] ?? '', { actions: ['forward'], forwardTo: `sip:${user}@cpm.test` });
    }
    assert.deepEqual(verdict(await alice.message(carolUri, cpmMessage('1'))), [202, undefined]);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), [480, undefined]);
    assert.equal((await waitingRows(world)).deferred, 1);
  });
});

describe('what is forwarded of one who hides (decision 34)', () => {
  const hiding = { messageId: 'm1', notifications: ['positive-delivery'], headers: [['Privacy', 'id']] } as const;

  inWorld('shows nobody who he is, and its notifications find him', users, async (world) => {
    const carol = await clientOf(world, 'carol', `;${msgTag}`);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x', hiding))), [200, undefined]);
    const request = only(carol.received());
    assert.deepEqual([cpimHeader(request, 'From'), request.headers.has('P-Asserted-Identity')], [[`<${anonymous}>`], false]);
    const whole = `${request.headers.raw.map(({ value }) => value).join('\n')}\n${new TextDecoder().decode(request.body)}`;
    assert.doesNotMatch(whole, /alice/i);
    assert.equal((await carol.message(anonymous, imdnMessage('m1'))).status, 200);
    assert.deepEqual(notifications(alice), ['m1 delivered']);
  });

  inWorld('does not pass a user who blocks him', users, async (world) => {
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: carolUri });
    await adds(world, 'carol', { actions: ['reject'], from: [aliceUri] });
    assert.equal((await alice.message(bobUri, cpmMessage('x', hiding))).status, 403);
  });

  const foreign = { ...users, routes: { 'other.test': 'sip:10.0.0.2' } };
  inWorld('reaches an untrusted domain without his identity', foreign, async (world) => {
    const other = await world.peer('other', () => answer(200));
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: 'sip:dora@other.test' });
    assert.equal((await alice.message(bobUri, cpmMessage('x', hiding))).status, 200);
    assert.equal(only(other.requests()).headers.has('P-Asserted-Identity'), false);
  });

  inWorld('reaches a trusted one with it', { ...foreign, trustedPeers: ['10.0.0.2'] }, async (world) => {
    const other = await world.peer('other', () => answer(200));
    const alice = await world.phone('alice');
    await adds(world, 'bob', { actions: ['forward'], forwardTo: 'sip:dora@other.test' });
    assert.equal((await alice.message(bobUri, cpmMessage('x', hiding))).status, 200);
    const { headers } = only(other.requests());
    assert.deepEqual([headers.text('P-Asserted-Identity'), headers.text('Privacy')], [`<${aliceUri}>`, 'id']);
  });
});
