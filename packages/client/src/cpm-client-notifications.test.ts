import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  contentDispositionOf,
  dispositionNotifications,
  formatImdn,
  fromAddress,
  imdnMessageId,
  mimeHeader,
  parseCpim,
  parseImdn,
  toAddresses,
} from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import type { ReceivedMessage } from './receiving/received.ts';
import { answered, deliveredHeaders, wrapped } from './testing/scripted-core.ts';
import { clientHost, VirtualWorld, type WorldOptions } from './testing/virtual-world.ts';

const asked = wrapped('hello', { messageId: 'm1', notifications: ['positive-delivery', 'display'] });

/** A world in which the message has arrived. */
async function received(options: WorldOptions = {}, body: Uint8Array = asked): Promise<[VirtualWorld, ReceivedMessage]> {
  const world = await VirtualWorld.start(options);
  await world.register();
  await world.deliver(deliveredHeaders.append('Contact', '<sip:bob@10.0.0.9>;+sip.instance="<urn:uuid:9>"'), body);
  await world.clock.runFor(1_000);
  const [message] = world.shown;
  assert.ok(message);
  return [world, message];
}

function firstLine(octets: Uint8Array): string | undefined {
  return new TextDecoder().decode(octets).split('\r\n')[0];
}

function statusOf(request: SipRequest | undefined): string {
  const cpim = parseCpim(request?.body ?? new Uint8Array(0));
  assert.equal(cpim.kind, 'cpim');
  const imdn = parseImdn(cpim.content);
  assert.equal(imdn.kind, 'imdn');
  assert.equal(imdn.messageId, 'm1');
  return imdn.notification.status;
}

describe('notifications', () => {
  it('tells delivery by itself, to the device of the sender, with the ids of his message (A-7.2.2.3-03, A-7.2.1.1-16, decision 32)', async () => {
    const [world] = await received();
    const [request, ...more] = world.core.of('MESSAGE');
    assert.equal(more.length, 0);
    assert.equal(request?.uri, 'sip:bob@example.net');
    assert.deepEqual(request.headers.texts('Accept-Contact'), [
      '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
      '*;+sip.instance="<urn:uuid:9>";require;explicit',
    ]);
    assert.equal(request.headers.text('Conversation-ID'), 'conversation-1');
    assert.equal(request.headers.text('Contribution-ID'), 'contribution-1');
    assert.equal(request.headers.text('P-Preferred-Service'), 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg');
    const cpim = parseCpim(request.body);
    assert.equal(cpim.kind, 'cpim');
    assert.equal(fromAddress(cpim)?.uri, 'sip:anonymous@anonymous.invalid');
    assert.equal(toAddresses(cpim)[0]?.uri, 'sip:anonymous@anonymous.invalid');
    assert.equal(contentDispositionOf(cpim)?.disposition, 'notification');
    assert.equal(mimeHeader(cpim, 'Content-Type'), 'message/imdn+xml');
    assert.equal(dispositionNotifications(cpim).size, 0);
    assert.deepEqual(parseImdn(cpim.content), {
      kind: 'imdn',
      messageId: 'm1',
      dateTime: '2024-05-01T12:00:00Z',
      recipientUri: 'sip:alice@example.net',
      notification: { kind: 'delivery', status: 'delivered' },
    });
  });

  it('comes after the 200 to the message, however eager the application is, display behind delivery', async () => {
    const client: { world?: VirtualWorld } = {};
    const world = await VirtualWorld.start({ message: (message) => void client.world?.client.notifyDisplayed(message) });
    client.world = world;
    await world.register();
    await world.deliver(deliveredHeaders, asked);
    await world.clock.runFor(1_000);
    assert.deepEqual(world.core.of('MESSAGE').map(statusOf), ['delivered', 'displayed']);
    const { entries } = world.network.wireLog;
    const lines = entries.filter(({ from }) => from.host === clientHost).map(({ octets }) => firstLine(octets));
    const request = 'MESSAGE sip:bob@example.net SIP/2.0';
    // The long ones try TCP before, where nobody listens.
    assert.deepEqual(
      lines.filter((line) => line !== ''),
      ['REGISTER sip:example.net SIP/2.0', 'SIP/2.0 200 OK', request, request],
    );
  });

  it('tells display once (A-7.2.2.3-04)', async () => {
    const [world, message] = await received();
    const outcomes = await world.finished(Promise.all([world.client.notifyDisplayed(message), world.client.notifyDisplayed(message)]));
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.equal(outcomes[0].kind, 'accepted');
    assert.deepEqual(world.core.of('MESSAGE').map(statusOf), ['delivered', 'displayed']);
  });

  it('tells nothing that was not asked for, and nothing of a notification', async () => {
    const [world, message] = await received({}, wrapped('hello', { messageId: 'm1', notifications: ['negative-delivery'] }));
    assert.equal((await world.finished(world.client.notifyDisplayed(message))).kind, 'not-requested');
    const notification = { kind: 'delivery', status: 'delivered' } as const;
    const content = new TextDecoder().decode(formatImdn({ kind: 'imdn', messageId: 'm0', dateTime: 'x', notification }));
    const wrapping = { messageId: 'n1', type: 'message/imdn+xml', notifications: ['positive-delivery', 'display'] } as const;
    await world.deliver(deliveredHeaders, wrapped(content, wrapping));
    await world.clock.runFor(60_000);
    assert.equal(world.core.of('MESSAGE').length, 0);
    assert.equal(world.dispositions.length, 1);
  });

  it('leaves delivery to the application when told so', async () => {
    const [world, message] = await received({ client: { deliveryNotifications: 'manual' } });
    await world.finished(world.client.notifyDisplayed(message));
    assert.deepEqual(world.core.of('MESSAGE').map(statusOf), ['displayed']);
    await world.finished(world.client.notifyDelivered(message));
    assert.deepEqual(world.core.of('MESSAGE').map(statusOf), ['displayed', 'delivered']);
  });

  it('is sent again with growing pauses while the network does not take it, with the same id', async () => {
    const [world, message] = await received({ client: { deliveryNotifications: 'manual' } });
    world.core.proxy = answered(503);
    const outcome = world.client.notifyDelivered(message);
    await world.clock.runFor(30_000);
    assert.equal(world.core.of('MESSAGE').length, 3);
    world.core.proxy = answered(200);
    assert.equal((await world.finished(outcome)).kind, 'accepted');
    const cpims = world.core.of('MESSAGE').map(({ body }) => parseCpim(body));
    assert.equal(cpims.length, 4);
    assert.equal(new Set(cpims.map((cpim) => (cpim.kind === 'cpim' ? imdnMessageId(cpim) : ''))).size, 1);
    assert.equal(new Set(world.core.of('MESSAGE').map(({ headers }) => headers.text('Call-ID'))).size, 4);
  });

  it('is given up after five attempts, at once when it is refused for good or the client closes', async () => {
    const [world, message] = await received({ client: { deliveryNotifications: 'manual' } });
    world.core.proxy = answered(500);
    assert.equal((await world.finished(world.client.notifyDelivered(message))).kind, 'refused');
    assert.equal(world.core.of('MESSAGE').length, 5);
    const [refusing, second] = await received({ client: { deliveryNotifications: 'manual' } });
    refusing.core.proxy = answered(404);
    assert.equal((await refusing.finished(refusing.client.notifyDelivered(second))).kind, 'refused');
    assert.equal(refusing.core.of('MESSAGE').length, 1);
    refusing.core.proxy = answered(500);
    const waiting = refusing.client.notifyDisplayed(second);
    await refusing.clock.runFor(1_000);
    await refusing.client.close();
    assert.equal((await refusing.finished(waiting)).kind, 'refused');
    assert.equal(refusing.core.of('MESSAGE').length, 2);
  });
});
