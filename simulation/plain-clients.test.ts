import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, late, type PeerScript } from '@opencpm/testkit';
import { bobUri, bobsClient as client, clientOf, notifications } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, deferredTag, msgTag } from './phone.ts';

const plain = '';
const noCpim: PeerScript = ({ request }) => answer(request.headers.text('Content-Type') === 'message/cpim' ? 415 : 200);

describe('clients that know no CPM (issue, point 5)', () => {
  inWorld('a plain client is suitable when no tagged one is live', {}, async (world) => {
    const linphone = await client(world, undefined, plain);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('plain'))).status, 200);
    assert.equal(only(linphone.received()).headers.text('Content-Type'), 'message/cpim');
    const tagged = await client(world);
    assert.equal((await alice.message(bobUri, cpmMessage('tagged'))).status, 200);
    assert.deepEqual([linphone.received().length, tagged.received().length], [1, 1]);
  });

  inWorld('415 brings the text inside, once, and the function’s own delivery notification', {}, async (world) => {
    const linphone = await client(world, noCpim, plain);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    const response = await alice.message(
      bobUri,
      cpmMessage('in plain words', { messageId: 'm1', notifications: ['positive-delivery', 'display'] }),
    );
    assert.equal(response.status, 200);
    await world.clock.runFor(1000);
    const [, second] = linphone.received();
    assert.equal(linphone.received().length, 2);
    assert.ok(second !== undefined);
    assert.equal(second.headers.text('Content-Type'), 'text/plain;charset=UTF-8');
    assert.equal(new TextDecoder().decode(second.body), 'in plain words');
    assert.equal(second.headers.has('Accept-Contact'), false);
    assert.deepEqual(notifications(alice), ['m1 delivered']);
    const notification = only(alice.received());
    assert.equal(notification.headers.text('P-Asserted-Identity'), `<${bobUri}>`);
    assert.equal(notification.headers.text('Conversation-ID'), 'conversation-1');
    assert.equal(notification.headers.text('Contribution-ID'), 'contribution-m1');
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });

  inWorld('two plain clients that take the text are one delivery notification', {}, async (world) => {
    await client(world, noCpim, plain);
    await client(
      world,
      ({ request }) => (request.headers.text('Content-Type') === 'message/cpim' ? late(3000, answer(488)) : answer(200)),
      plain,
    );
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await alice.message(bobUri, cpmMessage('twice', { messageId: 'm1', notifications: ['positive-delivery'] }));
    await world.clock.runFor(60_000);
    assert.deepEqual(notifications(alice), ['m1 delivered']);
  });
});

describe('text that a plain client takes late', () => {
  const lateText: PeerScript = ({ request }) =>
    request.headers.text('Content-Type') === 'message/cpim' ? late(11_000, answer(415)) : answer(200);

  for (const mishap of ['answer lost', 'fails'] as const) {
    inWorld(
      `text accepted after the sender’s 503 is notified, store ${mishap}: sent again, it is a duplicate`,
      { faultsExpected: true },
      async (world) => {
        await client(world, lateText, plain);
        const alice = await clientOf(world, 'alice', `;${msgTag}`);
        world.mishaps.expect('INSERT INTO deferred_messages', mishap, 2);
        const message = cpmMessage('late text', { messageId: 'm1', notifications: ['positive-delivery'] });
        assert.equal((await alice.message(bobUri, message)).status, 503);
        await world.clock.runFor(3000);
        assert.equal((await alice.message(bobUri, message)).status, 200);
        await world.clock.runFor(60_000);
        assert.deepEqual(notifications(alice), ['m1 delivered']);
        assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
      },
    );
  }

  inWorld('text accepted after the sender’s 202 is notified with the removal of the row', {}, async (world) => {
    await client(world, lateText, plain);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    const response = await alice.message(bobUri, cpmMessage('late text', { messageId: 'm1', notifications: ['positive-delivery'] }));
    assert.equal(response.status, 202);
    await world.clock.runFor(3000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.deepEqual(notifications(alice), ['m1 delivered']);
  });
});

describe('who gets what as text', () => {
  inWorld('nothing is notified that was not asked for', {}, async (world) => {
    await client(world, noCpim, plain);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await alice.message(bobUri, cpmMessage('silently', { notifications: ['display'] }));
    await world.clock.runFor(60_000);
    assert.deepEqual(notifications(alice), []);
  });

  inWorld('a client that takes the message as CPM notifies by itself: the function does not', {}, async (world) => {
    await client(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await alice.message(bobUri, cpmMessage('as CPM', { notifications: ['positive-delivery'] }));
    await world.clock.runFor(60_000);
    assert.deepEqual(notifications(alice), []);
  });

  inWorld('what is no text stays refused', { policy: { undelivered: 'reject' } }, async (world) => {
    const linphone = await client(world, () => answer(415), plain);
    const alice = await world.phone('alice');
    const image = cpmMessage('x');
    const response = await alice.message(bobUri, { ...image, body: image.body?.replace('text/plain;charset=UTF-8', 'image/png') ?? '' });
    assert.equal(response.status, 415);
    assert.equal(linphone.received().length, 1);
  });

  inWorld('a tagged client that answers 415 gets nothing else', {}, async (world) => {
    const bob = await client(world, () => answer(415));
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('no second try'))).status, 202);
    assert.equal(bob.received().length, 1);
  });

  inWorld('plainClients: ignore leaves them out', { policy: { plainClients: 'ignore' } }, async (world) => {
    const linphone = await client(world, undefined, plain);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('not for you'))).status, 202);
    assert.equal(linphone.received().length, 0);
  });

  inWorld('a client with the tag deferred alone gets no message', {}, async (world) => {
    const puller = await client(world, undefined, `;${deferredTag}`);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('not pushed'))).status, 202);
    await puller.register({ contacts: [`${puller.contact};${deferredTag}`] });
    await world.clock.runFor(1000);
    assert.equal(puller.received().length, 0);
  });
});

describe('a plain MESSAGE of one of our users', () => {
  inWorld('a plain MESSAGE becomes a CPM message that asks for no notification', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const headers = [
      ['Content-Type', 'text/plain;charset=UTF-8'],
      ['Subject', 'greeting'],
    ] as const;
    const response = await alice.message(bobUri, { body: 'grüß dich', headers });
    assert.equal(response.status, 200);
    const { headers: got, body } = only(bob.received());
    assert.match(got.text('Conversation-ID') ?? '', /^[0-9a-f-]{36}$/);
    assert.match(got.text('Contribution-ID') ?? '', /^[0-9a-f]{32}$/);
    assert.equal(got.text('Content-Type'), 'message/cpim');
    assert.equal(got.text('Accept-Contact'), `*;${msgTag}`);
    assert.equal(got.text('Subject'), 'greeting');
    const cpim = new TextDecoder().decode(body);
    assert.match(cpim, /^From: <sip:alice@cpm\.test>\r\nTo: <sip:bob@cpm\.test>\r\nDateTime: 2024-01-01T/);
    assert.match(cpim, /imdn\.Message-ID: [0-9a-f]{32}\r\n/);
    assert.doesNotMatch(cpim, /Disposition-Notification/);
    assert.match(cpim, /Content-Type: text\/plain;charset=UTF-8\r\nContent-Length: 11\r\n\r\ngrüß dich$/);
    for (const name of ['Conversation-ID', 'Contribution-ID']) assert.equal(response.headers.text(name), got.text(name));
  });
});
