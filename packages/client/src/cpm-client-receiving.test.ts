import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatImdn, type ImdnNotification } from '@opencpm/payloads';
import { Headers } from '@opencpm/sip';
import { RecordingUser } from '@opencpm/testkit';
import { deliveredHeaders, wrapped } from './testing/scripted-core.ts';
import { clientHost, strangerHost, VirtualWorld } from './testing/virtual-world.ts';

async function registeredWorld(...options: Parameters<typeof VirtualWorld.start>): Promise<VirtualWorld> {
  const world = await VirtualWorld.start(...options);
  await world.register();
  return world;
}

function imdn(messageId: string, notification: ImdnNotification): string {
  return new TextDecoder().decode(formatImdn({ kind: 'imdn', messageId, dateTime: '2024-05-01T12:00:00Z', notification }));
}

describe('receiving', () => {
  it('shows a message and answers 200 with release, identity and its ids (A-7.2.2.1-02 to -05, -07)', async () => {
    const world = await registeredWorld({ client: { product: 'Example/1.0' } });
    const headers = deliveredHeaders.append('InReplyTo-Contribution-ID', 'contribution-0');
    const response = await world.deliver(headers, wrapped('hello', { messageId: 'm1', notifications: ['display'] }));
    assert.equal(response.status, 200);
    const expected = {
      Server: 'CPM-client/OMA2.1 Example/1.0',
      'P-Preferred-Identity': '<sip:alice@example.net>',
      'Conversation-ID': 'conversation-1',
      'Contribution-ID': 'contribution-1',
      'InReplyTo-Contribution-ID': 'contribution-0',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(response.headers.text(name), value, name);
    assert.deepEqual(world.shown, [
      {
        from: 'sip:bob@example.net',
        anonymous: false,
        to: 'sip:alice@example.net',
        text: 'hello',
        content: { contentType: 'text/plain', octets: new TextEncoder().encode('hello') },
        conversationId: 'conversation-1',
        contributionId: 'contribution-1',
        inReplyToContributionId: 'contribution-0',
        messageId: 'm1',
        requestedNotifications: new Set(['display']),
        deferred: false,
        sentAt: 1_714_564_800_000,
        dateTime: '2024-05-01T12:00:00Z',
      },
    ]);
  });

  it('tells UID, reply address, device and that the message was deferred (A-7.2.2.1-08, A-7.2.2.3-05)', async () => {
    const world = await registeredWorld();
    const headers = deliveredHeaders
      .with('Accept-Contact', '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.deferred"')
      .append('Message-UID', '912')
      .append('Reply-To', '<sip:office@example.net>')
      .append('Contact', '<sip:bob@10.0.0.9>;+sip.instance="<urn:uuid:9>"')
      .with('P-Asserted-Identity', '"Bob B" <sip:bob@example.net>, <tel:+15550002>');
    await world.deliver(headers, wrapped('hello'));
    const [message] = world.shown;
    assert.deepEqual(
      [message?.messageUid, message?.replyTo, message?.senderDevice, message?.deferred, message?.displayName],
      [912, 'sip:office@example.net', '<urn:uuid:9>', true, 'Bob B'],
    );
  });

  it('answers 480 when there is no room, and takes the message later (A-7.2.2.1-01)', async () => {
    let room = false;
    const world = await registeredWorld({ message: () => (room ? undefined : 'reject') });
    const message = [deliveredHeaders, wrapped('hello', { messageId: 'm1' })] as const;
    assert.equal((await world.deliver(...message)).status, 480);
    room = true;
    assert.equal((await world.deliver(...message)).status, 200);
    assert.equal(world.shown.length, 2);
  });

  it('shows a message once, however often it comes, but the same id of another sender too', async () => {
    const world = await registeredWorld();
    const body = wrapped('hello', { messageId: 'm1' });
    for (let time = 0; time < 3; time += 1) assert.equal((await world.deliver(deliveredHeaders, body)).status, 200);
    assert.equal(world.shown.length, 1);
    await world.deliver(deliveredHeaders.with('P-Asserted-Identity', '<sip:carol@example.net>'), body);
    assert.equal(world.shown.length, 2);
  });

  it('shows a plain text without CPIM', async () => {
    const world = await registeredWorld();
    const headers = Headers.of(['Content-Type', 'text/plain;charset=iso-8859-1'], ['From', '"Bob" <sip:bob@example.net>;tag=1']);
    assert.equal((await world.deliver(headers, new Uint8Array([0x68, 0xe9]))).status, 200);
    const [message] = world.shown;
    assert.deepEqual(
      [message?.text, message?.from, message?.displayName, message?.messageId],
      ['hé', 'sip:bob@example.net', 'Bob', undefined],
    );
  });

  it('refuses what it cannot read: 415 with what it can, 400 for a broken wrapper', async () => {
    const world = await registeredWorld();
    const unknown = await world.deliver(Headers.of(['Content-Type', 'image/png']), new Uint8Array(1));
    assert.deepEqual([unknown.status, unknown.headers.text('Accept')], [415, 'message/cpim, text/plain']);
    assert.equal((await world.deliver(deliveredHeaders.append('Content-Encoding', 'gzip'), wrapped('x'))).status, 415);
    assert.equal((await world.deliver(deliveredHeaders, new TextEncoder().encode('\r\n\r\n'))).status, 400);
    assert.equal((await world.deliver(deliveredHeaders, wrapped('<imdn', { type: 'message/imdn+xml' }))).status, 400);
    assert.equal(world.shown.length, 0);
  });

  it('shows a link for content that lies elsewhere (A-7.2.2.3-02)', async () => {
    const world = await registeredWorld();
    const parameters = new Map([
      ['access-type', 'URL'],
      ['url', 'https://example.net/cat.jpg'],
    ]);
    await world.deliver(deliveredHeaders, wrapped('Content-Type: image/jpeg\r\n\r\n', { type: 'message/external-body', parameters }));
    const [message] = world.shown;
    assert.deepEqual([message?.content.contentType, message?.content.externalUrl], ['image/jpeg', 'https://example.net/cat.jpg']);
    assert.equal(message?.text, undefined);
  });

  it('follows Content-Disposition: tells it, and shows no notification as a message (A-7.2.2.3-01)', async () => {
    const world = await registeredWorld();
    await world.deliver(deliveredHeaders, wrapped('note', { disposition: 'attachment' }));
    assert.equal(world.shown[0]?.content.disposition, 'attachment');
    assert.equal(
      (await world.deliver(deliveredHeaders, wrapped('{}', { type: 'application/json', disposition: 'notification' }))).status,
      200,
    );
    assert.equal(world.shown.length, 1);
    assert.equal(world.events.at(-1)?.kind, 'not-shown');
  });

  it('gives notifications to their own handler, single and aggregated, each once', async () => {
    const world = await registeredWorld();
    const single = wrapped(imdn('m1', { kind: 'delivery', status: 'delivered' }), { messageId: 'n1', type: 'message/imdn+xml' });
    for (let time = 0; time < 2; time += 1) assert.equal((await world.deliver(deliveredHeaders, single)).status, 200);
    const parts = [imdn('m2', { kind: 'display', status: 'displayed' }), imdn('m3', { kind: 'delivery', status: 'failed' })];
    const body = `${parts.map((part) => `--x\r\nContent-Type: message/imdn+xml\r\n\r\n${part}\r\n`).join('')}--x--\r\n`;
    await world.deliver(deliveredHeaders, wrapped(body, { type: 'multipart/mixed', parameters: new Map([['boundary', 'x']]) }));
    assert.deepEqual(
      world.dispositions.map(({ messageId, from, notification }) => [messageId, from, notification.status]),
      [
        ['m1', 'sip:bob@example.net', 'delivered'],
        ['m2', 'sip:bob@example.net', 'displayed'],
        ['m3', 'sip:bob@example.net', 'failed'],
      ],
    );
    assert.equal(world.shown.length, 0);
  });

  it('does not show who hides', async () => {
    const world = await registeredWorld();
    const anonymous = '<sip:anonymous@anonymous.invalid>';
    const headers = deliveredHeaders
      .without('P-Asserted-Identity')
      .append('From', `"Anonymous" ${anonymous};tag=1`)
      .append('Privacy', 'id');
    const body = new TextEncoder().encode(`From: ${anonymous}\r\nTo: <sip:alice@example.net>\r\n\r\nContent-Type: text/plain\r\n\r\nguess`);
    await world.deliver(headers, body);
    const [message] = world.shown;
    assert.deepEqual([message?.from, message?.anonymous, message?.displayName], ['sip:anonymous@anonymous.invalid', true, undefined]);
  });

  it('answers strangers 403, unless told otherwise', async () => {
    for (const [acceptFrom, status] of [
      ['server', 403],
      ['anybody', 200],
    ] as const) {
      const world = await registeredWorld({ client: { acceptFrom } });
      const stranger = await world.stranger();
      assert.equal(await stranger(deliveredHeaders, wrapped('hello')), status);
      assert.equal(world.shown.length, status === 200 ? 1 : 0);
    }
  });

  it('takes connections where it takes datagrams: what is too long for a path comes all the same (RFC 3261 §18.2.1)', async () => {
    const world = await registeredWorld({ client: { acceptFrom: 'anybody' } });
    const server = await world.stranger();
    world.network.setLink(strangerHost, clientHost, { maxDatagramOctets: 1300 });
    assert.equal(await server(deliveredHeaders, wrapped('x'.repeat(1000))), 200);
    assert.equal(world.shown[0]?.text?.length, 1000);
  });

  it('is there for what a datagram carries when another program takes the connections, and says so', async () => {
    const world = await VirtualWorld.start();
    await world.network.host(clientHost).listen('TCP', { host: clientHost, port: 5070 }, new RecordingUser());
    await world.register();
    assert.equal((await world.deliver(deliveredHeaders, wrapped('hello'))).status, 200);
    const [event] = world.events;
    assert.match(event?.kind === 'no-connections' ? event.reason : '', /EADDRINUSE/);
  });
});
