import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers, type SipResponse } from '@opencpm/sip';
import { answer, byMethod, late, type PeerScript, roughLink, silence } from '@opencpm/testkit';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, deferredTag, imdnMessage, msgTag, type Phone, textOf } from './phone.ts';
import { domain, serverPort, type World } from './world.ts';

const bobUri = `sip:bob@${domain}`;
const aliceUri = `sip:alice@${domain}`;

const instanceA = '<urn:uuid:00000000-0000-4000-8000-00000000000a>';
const instanceB = '<urn:uuid:00000000-0000-4000-8000-00000000000b>';

/** A registered client of Bob with that script for MESSAGE. */
function client(world: World, script?: PeerScript, tags = `;${msgTag}`): Promise<Phone> {
  return clientOf(world, 'bob', tags, script);
}

async function clientOf(world: World, user: string, tags: string, script?: PeerScript): Promise<Phone> {
  const phone = await world.phone(user, byMethod({ MESSAGE: script ?? (() => answer(200)) }));
  const response = await phone.register({ contacts: [`${phone.contact}${tags}`] });
  assert.equal(response.status, 200);
  return phone;
}

const statusOf = ({ status }: SipResponse) => status;
const texts = (phone: Phone) => phone.received().map(textOf);

/** The notifications that a phone got: which message, what became of it. */
function notifications(phone: Phone): readonly string[] {
  return phone.received().flatMap((request) => {
    const body = new TextDecoder().decode(request.body);
    const id = /<message-id>([^<]+)/.exec(body)?.[1];
    const status = /<status>\s*<(\w+)/.exec(body)?.[1];
    return id === undefined ? [] : [`${id} ${status}`];
  });
}

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
      assert.equal(bob.peer.received.at(-1)?.flow.transport, 'TCP');
    },
  );
});

describe('clients that know no CPM (issue, point 5)', () => {
  const plain = '';
  const noCpim: PeerScript = ({ request }) => answer(request.headers.text('Content-Type') === 'message/cpim' ? 415 : 200);

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

  inWorld('text accepted after the sender’s 202 is notified with the removal of the row', {}, async (world) => {
    await client(
      world,
      ({ request }) => (request.headers.text('Content-Type') === 'message/cpim' ? late(11_000, answer(415)) : answer(200)),
      plain,
    );
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    const response = await alice.message(bobUri, cpmMessage('late text', { messageId: 'm1', notifications: ['positive-delivery'] }));
    assert.equal(response.status, 202);
    await world.clock.runFor(3000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.deepEqual(notifications(alice), ['m1 delivered']);
  });

  inWorld('nothing is notified that was not asked for', {}, async (world) => {
    await client(world, noCpim, plain);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await alice.message(bobUri, cpmMessage('silently', { notifications: ['display'] }));
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

describe('the same message twice (architecture: promises about messages)', () => {
  inWorld(
    'a retransmission is answered from the transaction, also over a link that loses and doubles',
    { conditions: { ...roughLink, loss: 0.2, doubling: 0.2 }, seed: 3 },
    async (world) => {
      const bob = await client(world);
      const alice = await world.phone('alice');
      for (const text of ['one', 'two', 'three']) assert.ok([200, 202].includes(statusOf(await alice.message(bobUri, cpmMessage(text)))));
      await world.clock.runFor(60_000);
      assert.deepEqual(texts(bob), ['one', 'two', 'three']);
    },
  );

  inWorld('with a new Call-ID it is delivered once and gets the same answer', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const message = cpmMessage('once only');
    assert.equal((await alice.message(bobUri, message)).status, 200);
    const again = await alice.message(bobUri, message);
    assert.equal(again.status, 200);
    assert.equal(again.headers.text('Contribution-ID'), 'contribution-m-once-only');
    assert.equal(bob.received().length, 1);
  });

  inWorld('while the first is under way the second waits for its answer', {}, async (world) => {
    const bob = await client(world, () => late(4000, answer(200)));
    const alice = await world.phone('alice');
    const over = await world.run(alice.peer.connect(serverPort));
    await alice.register({ over });
    const template = alice.messageTemplate(bobUri, cpmMessage('impatient'));
    const names = [alice.peer.send(template, over), alice.peer.send(template, over)];
    await world.clock.runFor(6000);
    assert.deepEqual(
      names.map((each) => alice.answerTo(each)?.status),
      [200, 200],
    );
    assert.equal(bob.received().length, 1);
  });

  inWorld('a refused one may come again', { policy: { undelivered: 'reject' } }, async (world) => {
    const alice = await world.phone('alice');
    const message = cpmMessage('try again');
    assert.equal((await alice.message(bobUri, message)).status, 480);
    const bob = await client(world);
    assert.equal((await alice.message(bobUri, message)).status, 200);
    assert.equal(bob.received().length, 1);
  });

  inWorld('a stored one is known also after a crash', {}, async (world) => {
    const alice = await world.phone('alice');
    const message = cpmMessage('stored once');
    assert.equal((await alice.message(bobUri, message)).status, 202);
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, message)).status, 202);
    const bob = await client(world);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['stored once']);
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, message)).status, 202);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['stored once']);
  });

  inWorld('the window ends after duplicateWindow', { policy: { duplicateWindowSeconds: 3600 } }, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('hourly'));
    await world.clock.runFor(3_500_000);
    await bob.register();
    await world.clock.runFor(200_000);
    await alice.message(bobUri, cpmMessage('hourly'));
    assert.equal(bob.received().length, 2);
  });

  inWorld(
    'another sender, recipient, Message-ID or Contribution-ID is another message',
    { users: ['alice', 'bob', 'carol'] },
    async (world) => {
      const bob = await client(world);
      const carol = await clientOf(world, 'carol', `;${msgTag}`);
      const alice = await world.phone('alice');
      await alice.message(bobUri, cpmMessage('x'));
      await carol.message(bobUri, cpmMessage('x'));
      await alice.message(`sip:carol@${domain}`, cpmMessage('x'));
      await alice.message(bobUri, cpmMessage('x', { messageId: 'other', contributionId: 'contribution-m-x' }));
      await alice.message(bobUri, cpmMessage('x', { contributionId: 'other' }));
      assert.deepEqual([bob.received().length, carol.received().length], [4, 1]);
    },
  );
});

describe('anonymity (B-8.3.1.1-03, decision 34)', () => {
  const hiding = { headers: [['Privacy', 'id']] as const, notifications: ['positive-delivery'] };

  for (const where of ['there', 'away'] as const) {
    inWorld(`a recipient who is ${where} sees nothing of a sender who hides`, {}, async (world) => {
      const alice = await world.phone('alice');
      const before = where === 'there' ? await client(world) : undefined;
      const message = cpmMessage('guess who', hiding);
      const template = {
        ...message,
        headers: [...(message.headers ?? []), ['Contact', alice.contact], ['Reply-To', `<${aliceUri}>`]] as const,
      };
      assert.equal((await alice.message(bobUri, template)).status, where === 'there' ? 200 : 202);
      const bob = before ?? (await client(world));
      await world.clock.runFor(1000);
      const octets = new TextDecoder().decode(only(bob.peer.received.filter(({ message: got }) => got?.kind === 'request')).octets);
      assert.doesNotMatch(octets, /alice/i);
      assert.ok(!octets.includes(alice.peer.address.host));
      assert.match(octets, /^From: "Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/m);
      assert.match(octets, /^From: <sip:anonymous@anonymous\.invalid>\r$/m);
      assert.match(octets, /^Privacy: id\r$/m);
    });
  }

  inWorld('an anonymous From is asserted as the user’s first identity and goes no further', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const from = '"Anonymous" <sip:anonymous@anonymous.invalid>';
    const response = await alice.message(bobUri, { ...cpmMessage('x', { ...hiding, from: 'sip:anonymous@anonymous.invalid' }), from });
    assert.equal(response.status, 200);
    assert.equal(only(bob.received()).headers.has('P-Asserted-Identity'), false);
  });

  inWorld('where it is not allowed it is 403 with Warning 119', { policy: { anonymity: 'refuse' } }, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const response = await alice.message(bobUri, cpmMessage('x', hiding));
    assert.deepEqual([response.status, response.headers.text('Warning')], [403, `399 ${domain} "119 Anonymity not allowed"`]);
    assert.equal(bob.received().length, 0);
  });
});

describe('notifications (decision 46)', () => {
  inWorld('go to the device that they name while it is there, else to all', {}, async (world) => {
    const tags = (instance: string) => `;${msgTag};+sip.instance="${instance}"`;
    const one = await client(world, undefined, tags(instanceA));
    const other = await client(world, undefined, tags(instanceB));
    const alice = await world.phone('alice');
    const named = [['Accept-Contact', `*;+sip.instance="${instanceA}";require;explicit`]] as const;
    assert.equal((await alice.message(bobUri, imdnMessage('m1', { headers: named }))).status, 200);
    assert.deepEqual([notifications(one), notifications(other)], [['m1 delivered'], []]);
    await one.deregister();
    assert.equal((await alice.message(bobUri, imdnMessage('m2', { headers: named }))).status, 200);
    assert.deepEqual([notifications(one), notifications(other)], [['m1 delivered'], ['m2 delivered']]);
  });

  inWorld(
    'are deferred with 202 for who is away, whatever the policy, and pushed',
    { policy: { undelivered: 'reject' } },
    async (world) => {
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, imdnMessage('m1'))).status, 202);
      const bob = await client(world);
      await world.clock.runFor(1000);
      assert.deepEqual(notifications(bob), ['m1 delivered']);
    },
  );

  inWorld('owe nothing when they expire', { policy: { maxExpirySeconds: 3600 } }, async (world) => {
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    const imdn = imdnMessage('m1');
    const asking = {
      ...imdn,
      body: imdn.body?.replace('DateTime:', 'imdn.Disposition-Notification: negative-delivery\r\nDateTime:') ?? '',
    };
    assert.equal((await alice.message(bobUri, asking)).status, 202);
    await world.clock.runFor(3_700_000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.equal(alice.received().length, 0);
  });

  inWorld('wait for a client that can show them', {}, async (world) => {
    const linphone = await client(world, undefined, '');
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, imdnMessage('m1'))).status, 202);
    assert.equal(linphone.received().length, 0);
  });
});

describe('answers (A-7.2.2.1-05, wire facts 2.3, 3 and 4)', () => {
  for (const where of ['there', 'away', 'unknown'] as const) {
    inWorld(`have the identity headers of the request, Server and a tag when the recipient is ${where}`, {}, async (world) => {
      if (where === 'there') await client(world);
      const alice = await world.phone('alice');
      const uri = where === 'unknown' ? `sip:nobody@${domain}` : bobUri;
      const message = cpmMessage('x', { headers: [['InReplyTo-Contribution-ID', 'Earlier-One']] });
      const { headers } = await alice.message(uri, message);
      const names = ['Conversation-ID', 'Contribution-ID', 'InReplyTo-Contribution-ID'];
      assert.deepEqual(
        names.map((name) => headers.texts(name)),
        [['conversation-1'], ['contribution-m-x'], ['Earlier-One']],
      );
      assert.match(headers.text('Server') ?? '', /^CPM-serv\/OMA2\.1 OpenCPM\//);
      assert.match(headers.text('To') ?? '', /;tag=/);
    });
  }

  inWorld('do not pass on what a client put into its own', {}, async (world) => {
    const foreign = Headers.of(['Message-UID', '7'], ['Server', 'Foreign/1'], ['Contribution-ID', 'forged']);
    await client(world, () => answer(200, { headers: foreign }));
    const alice = await world.phone('alice');
    const { headers } = await alice.message(bobUri, cpmMessage('x'));
    assert.equal(headers.has('Message-UID'), false);
    assert.match(headers.text('Server') ?? '', /^CPM-serv/);
    assert.deepEqual(headers.texts('Contribution-ID'), ['contribution-m-x']);
  });

  inWorld('a Message-UID of the sender reaches nobody (wire facts 2.3)', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('x', { headers: [['Message-UID', '9']] }));
    assert.equal(only(bob.received()).headers.has('Message-UID'), false);
  });

  inWorld(
    'too old a release is 403 with Warning 132; a foreign User-Agent passes (B-8.3.1.1-02, decision 42)',
    { policy: { minRelease: { major: 2, minor: 0 } } },
    async (world) => {
      const bob = await client(world);
      const alice = await world.phone('alice');
      const from = (agent: string) => alice.message(bobUri, cpmMessage(agent, { headers: [['User-Agent', agent]] }));
      const refused = await from('CPM-client/OMA1.0 Old/1');
      assert.deepEqual([refused.status, refused.headers.text('Warning')], [403, `399 ${domain} "132 Version not supported"`]);
      assert.equal(statusOf(await from('CPM-client/OMA2.1 New/1')), 200);
      assert.equal(statusOf(await from('Linphone/5')), 200);
      assert.equal(bob.received().length, 2);
    },
  );

  inWorld('what is no CPIM although it says so is 400', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, { ...cpmMessage('x'), body: 'no header at all' })).status, 400);
    assert.equal(bob.received().length, 0);
  });
});
