import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dispositionNotifications,
  fromAddress,
  header,
  imdnMessageId,
  mimeHeader,
  parseCpim,
  rfc3339,
  toAddresses,
} from '@opencpm/payloads';
import { Headers, type SipRequest } from '@opencpm/sip';
import { answered, deliveredHeaders, wrapped } from './testing/scripted-core.ts';
import { VirtualWorld } from './testing/virtual-world.ts';

const bob = 'sip:bob@example.net';

function cpimOf(request: SipRequest | undefined) {
  const cpim = parseCpim(request?.body ?? new Uint8Array(0));
  assert.equal(cpim.kind, 'cpim');
  return cpim;
}

describe('sending', () => {
  it('sends a MESSAGE with feature tag, identity, service and release (A-7.2.1.1-01 to -04, -06, D-7.2.1.1-05)', async () => {
    const world = await VirtualWorld.start({ client: { product: 'Example/1.0', instanceId: '<urn:uuid:0>' } });
    await world.finished(world.client.send(bob, 'hello'));
    const [request] = world.core.of('MESSAGE');
    assert.equal(request?.uri, bob);
    const expected = {
      'Accept-Contact': '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
      'P-Preferred-Identity': '<sip:alice@example.net>',
      'P-Preferred-Service': 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
      'User-Agent': 'CPM-client/OMA2.1 Example/1.0',
      'Content-Type': 'message/cpim',
      'Max-Forwards': '70',
      Contact: '<sip:alice@10.0.0.2:5070>;+sip.instance="<urn:uuid:0>"',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(request.headers.text(name), value, name);
    assert.match(request.headers.text('From') ?? '', /^<sip:alice@example\.net>;tag=\w+$/);
    for (const name of ['Privacy', 'Reply-To', 'Expires', 'InReplyTo-Contribution-ID'])
      assert.equal(request.headers.has(name), false, name);
  });

  it('wraps the text in CPIM with the notifications that are wanted (A-7.2.1.1-18, -19, A-7.2.1.3-02, -04, -07, D-7.2.1.3-08, -10)', async () => {
    const world = await VirtualWorld.start();
    const outcome = await world.finished(world.client.send(bob, 'grüße', { subject: 'nice; evening' }));
    assert.equal(outcome.kind, 'accepted');
    const cpim = cpimOf(world.core.of('MESSAGE')[0]);
    assert.equal(fromAddress(cpim)?.uri, 'sip:alice@example.net');
    assert.deepEqual(toAddresses(cpim), [{ uri: bob }]);
    assert.equal(imdnMessageId(cpim), outcome.kind === 'accepted' ? outcome.messageId : '');
    assert.deepEqual([...dispositionNotifications(cpim)], ['positive-delivery', 'negative-delivery', 'display']);
    assert.equal(header(cpim, 'urn:ietf:params:cpim-headers:', 'DateTime')?.value, rfc3339(world.clock.now()).replace(/\.\d+Z$/, '.000Z'));
    assert.equal(mimeHeader(cpim, 'Content-Type'), 'text/plain;charset=UTF-8');
    assert.equal(new TextDecoder().decode(cpim.content), 'grüße');
    assert.equal(header(cpim, 'http://www.openmobilealliance.org/cpm/', 'Payload-Type'), undefined);
  });

  it('says expiry, reply address and wishes when they are given (A-7.2.1.1-05, -08, D-7.2.1.1-07, -10)', async () => {
    const world = await VirtualWorld.start();
    await world.finished(world.client.send(bob, 'hello', { expiresSeconds: 60, replyTo: 'tel:+15550009', notifications: [] }));
    const [request] = world.core.of('MESSAGE');
    assert.equal(request?.headers.text('Expires'), '60');
    assert.equal(request.headers.text('Reply-To'), '<tel:+15550009>');
    assert.equal(dispositionNotifications(cpimOf(request)).size, 0);
  });

  it('hides who sends, and on which device (A-7.2.1.1-07, D-7.2.1.1-09)', async () => {
    const world = await VirtualWorld.start();
    await world.finished(world.client.send('tel:+15550002', 'guess', { anonymous: true }));
    const [request] = world.core.of('MESSAGE');
    assert.equal(request?.uri, 'tel:+15550002');
    assert.equal(request.headers.text('Privacy'), 'id');
    assert.match(request.headers.text('From') ?? '', /^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
    assert.equal(fromAddress(cpimOf(request))?.uri, 'sip:anonymous@anonymous.invalid');
    for (const { name, value } of request.headers.raw)
      assert.doesNotMatch(name === 'P-Preferred-Identity' ? '' : value, /alice|10\.0\.0\.2$/, name);
    assert.equal(request.headers.has('Contact'), false);
  });

  it('begins a conversation or goes on with one, each message being a contribution of its own (A-7.2.1.1-15, -16)', async () => {
    const world = await VirtualWorld.start();
    const first = await world.finished(world.client.send(bob, 'one'));
    assert.equal(first.kind, 'accepted');
    const conversationId = first.kind === 'accepted' ? first.conversationId : '';
    await world.finished(world.client.send(bob, 'two', { conversationId }));
    await world.finished(world.client.send(bob, 'three'));
    const [one, two, three] = world.core.of('MESSAGE').map(({ headers }) => headers);
    assert.match(one?.text('Conversation-ID') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(two?.text('Conversation-ID'), one?.text('Conversation-ID'));
    assert.notEqual(three?.text('Conversation-ID'), one?.text('Conversation-ID'));
    assert.match(one?.text('Contribution-ID') ?? '', /^[0-9a-f]{32}$/);
    assert.notEqual(two?.text('Contribution-ID'), one?.text('Contribution-ID'));
  });

  it('replies to Reply-To, else to the originator, naming what it answers (A-7.2.1.1-09, -15, -17, D-7.2.1.1-11, -21, -23)', async () => {
    const world = await VirtualWorld.start();
    await world.register();
    await world.deliver(deliveredHeaders, wrapped('one'));
    await world.deliver(deliveredHeaders.append('Reply-To', '<sip:office@example.net>'), wrapped('two'));
    for (const message of world.shown) await world.finished(world.client.reply(message, 'yes'));
    const replies = world.core.of('MESSAGE');
    assert.deepEqual(
      replies.map(({ uri }) => uri),
      [bob, 'sip:office@example.net'],
    );
    for (const { headers } of replies) {
      assert.equal(headers.text('Conversation-ID'), 'conversation-1');
      assert.equal(headers.text('InReplyTo-Contribution-ID'), 'contribution-1');
      assert.notEqual(headers.text('Contribution-ID'), 'contribution-1');
    }
  });

  it('names what a multipart holds (D-7.2.1.3-09)', async () => {
    const world = await VirtualWorld.start();
    const octets = new TextEncoder().encode('--x\r\nContent-Type: image/png\r\n\r\n1\r\n--x\r\n\r\ntext\r\n--x--\r\n');
    await world.finished(world.client.send(bob, { contentType: 'multipart/mixed;boundary=x', octets }));
    const cpim = cpimOf(world.core.of('MESSAGE')[0]);
    assert.equal(header(cpim, 'http://www.openmobilealliance.org/cpm/', 'Payload-Type')?.value, 'image/png, text/plain');
  });

  it('sends nothing whose CPIM body is over 1300 octets (A-7.2.1.1-01, A-7.2.1.3-08, decision 41)', async () => {
    const world = await VirtualWorld.start();
    const large = await world.finished(world.client.send(bob, 'x'.repeat(999)));
    assert.equal(large.kind, 'too-large');
    const overhead = large.kind === 'too-large' ? large.sizeOctets - 999 : 0;
    assert.deepEqual(await world.finished(world.client.send(bob, 'x'.repeat(1301 - overhead))), {
      kind: 'too-large',
      sizeOctets: 1301,
      limitOctets: 1300,
    });
    assert.equal(world.core.requests.length, 0);
    assert.equal((await world.finished(world.client.send(bob, 'x'.repeat(1300 - overhead)))).kind, 'accepted');
    assert.equal(world.core.of('MESSAGE')[0]?.body.length, 1300);
  });

  it('takes the UID from any 2xx, and tells a deferral (A-7.2.1.1-21, D-7.2.1.1-27, decision 29)', async () => {
    const world = await VirtualWorld.start();
    world.core.proxy = answered(202, Headers.of(['Message-UID', '4711;folder="a"']));
    const outcome = await world.finished(world.client.send(bob, 'hello'));
    assert.equal(outcome.kind, 'accepted');
    if (outcome.kind !== 'accepted') return;
    assert.deepEqual([outcome.status, outcome.deferred, outcome.messageUid], [202, true, 4711]);
    for (const uid of ['0', 'x', '4294967296']) {
      world.core.proxy = answered(200, Headers.of(['Message-UID', uid]));
      const other = await world.finished(world.client.send(bob, 'hello'));
      assert.equal(other.kind === 'accepted' && 'messageUid' in other, false, uid);
    }
  });

  it('gives a refusal with its warning, and silence, as outcomes', async () => {
    const world = await VirtualWorld.start();
    world.core.proxy = answered(403, Headers.of(['Warning', '399 core "119 Anonymity not allowed"']));
    const refused = { kind: 'refused', status: 403, reason: 'Forbidden', warning: '119 Anonymity not allowed' };
    assert.deepEqual(await world.finished(world.client.send(bob, 'hello')), refused);
    world.core.proxy = () => undefined;
    assert.deepEqual(await world.finished(world.client.send(bob, 'hello')), { kind: 'unreachable', reason: 'no answer' });
    const stopping = new AbortController();
    const outcome = world.client.send(bob, 'hello', { signal: stopping.signal });
    stopping.abort();
    assert.deepEqual(await world.finished(outcome), { kind: 'unreachable', reason: 'aborted' });
    await assert.rejects(world.finished(world.client.send('bob', 'hello')), TypeError);
    await assert.rejects(world.finished(world.client.send(bob, { contentType: 'x', octets: new Uint8Array(0) })), TypeError);
  });
});

describe('digest', () => {
  const client = { password: 'wonderland' };

  it('is challenged once: later messages carry the nonce with the next count (RFC 7616 §3.4)', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client });
    for (const text of ['one', 'two', 'three']) assert.equal((await world.finished(world.client.send(bob, text))).kind, 'accepted');
    const credentials = world.core.of('MESSAGE').map(({ headers }) => headers.text('Proxy-Authorization'));
    assert.deepEqual(
      credentials.map((text) => /nc=(\d+)/.exec(text ?? '')?.[1]),
      [undefined, '00000001', '00000002', '00000003'],
    );
    assert.equal(new Set(credentials.slice(1).map((text) => /nonce="([^"]+)"/.exec(text ?? '')?.[1])).size, 1);
    const [first, again] = world.core.of('MESSAGE').map(({ headers }) => headers);
    assert.deepEqual([first?.text('CSeq'), again?.text('CSeq')], ['1 MESSAGE', '2 MESSAGE']);
    assert.equal(first?.text('Call-ID'), again?.text('Call-ID'));
  });

  it('takes a new nonce when the old one is stale', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client });
    await world.finished(world.client.send(bob, 'one'));
    await world.clock.runFor(301_000);
    assert.equal((await world.finished(world.client.send(bob, 'two'))).kind, 'accepted');
    const counts = world.core.of('MESSAGE').map(({ headers }) => /nc=(\d+)/.exec(headers.text('Proxy-Authorization') ?? '')?.[1]);
    assert.deepEqual(counts, [undefined, '00000001', '00000002', '00000001']);
  });

  it('answers several challenges at once, each with its own count', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client });
    const all = await world.finished(Promise.all(['one', 'two', 'three'].map((text) => world.client.send(bob, text))));
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['accepted', 'accepted', 'accepted'],
    );
  });

  it('answers a challenge to one request once only', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client: { password: 'x' } });
    assert.deepEqual(await world.finished(world.client.send(bob, 'one')), {
      kind: 'refused',
      status: 407,
      reason: 'Proxy Authentication Required',
    });
    assert.equal(world.core.requests.length, 2);
  });
});
