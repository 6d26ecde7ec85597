import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, silence } from '@opencpm/testkit';
import { aliceUri, bobsClient, bobUri, clientOf, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag, type Phone } from './phone.ts';
import { serverPort, type World } from './world.ts';

const withInstance = (last: string) => `;${msgTag};+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000${last}>"`;

/** Two devices of Alice; the first one is the one that sends. */
async function alicesDevices(world: World): Promise<readonly [Phone, Phone]> {
  return [await clientOf(world, 'alice', withInstance('a')), await clientOf(world, 'alice', withInstance('b'))];
}

const asking = cpmMessage('hello', { notifications: ['positive-delivery', 'display'] });

describe('copies for the sender’s other devices (wire facts 8.1 step 10; E-8.2.2.1-34 to -39)', () => {
  inWorld('each gets what one of them has sent, as it was sent, and asks nobody for notifications', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    const bob = await bobsClient(world);
    assert.equal((await phone.message(bobUri, asking)).status, 200);
    await world.clock.runFor(100);
    assert.deepEqual([texts(phone), texts(tablet), texts(bob)], [[], ['hello'], ['hello']]);
    const copy = only(tablet.received());
    const body = new TextDecoder().decode(copy.body);
    assert.equal(copy.uri, tablet.contact.slice(1, -1));
    assert.match(copy.headers.text('From') ?? '', /^<sip:alice@cpm\.test>;tag=/);
    assert.equal(copy.headers.text('To'), `<${bobUri}>`);
    assert.equal(copy.headers.text('P-Asserted-Identity'), `<${aliceUri}>`);
    assert.deepEqual(
      [copy.headers.text('Conversation-ID'), copy.headers.text('Contribution-ID')],
      ['conversation-1', 'contribution-m-hello'],
    );
    assert.match(body, /To: <sip:bob@cpm\.test>/);
    assert.match(body, /imdn\.Message-ID: m-hello/);
    assert.doesNotMatch(body, /Disposition-Notification/i);
    assert.match(new TextDecoder().decode(only(bob.received()).body), /Disposition-Notification: positive-delivery, display/);
  });

  inWorld('the sender’s answer waits for none of them', {}, async (world) => {
    const phone = await clientOf(world, 'alice', withInstance('a'));
    const tablet = await clientOf(world, 'alice', withInstance('b'), () => silence);
    await bobsClient(world);
    const before = world.clock.now();
    assert.equal((await phone.message(bobUri, asking)).status, 200);
    assert.ok(world.clock.now() - before < 1000);
    await world.clock.runFor(40_000);
    assert.deepEqual(texts(tablet), ['hello']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 }, 'a copy is not deferred');
  });

  inWorld('of what was kept for the recipient too, of what was refused none', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    assert.equal((await phone.message(bobUri, asking)).status, 202);
    assert.equal((await phone.message('sip:nobody@cpm.test', cpmMessage('to nobody'))).status, 404);
    await world.clock.runFor(100);
    assert.deepEqual(texts(tablet), ['hello']);
  });

  inWorld('not of notifications, and not to clients without the service', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    const plain = await clientOf(world, 'alice', '');
    await phone.message(bobUri, imdnMessage('m1'));
    await phone.message(bobUri, asking);
    await world.clock.runFor(100);
    assert.deepEqual([texts(tablet), texts(plain)], [['hello'], []]);
  });

  inWorld('nobody hides from himself', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    const bob = await bobsClient(world);
    const hiding = { ...asking, headers: [...(asking.headers ?? []), ['Privacy', 'id']] as const };
    assert.equal((await phone.message(bobUri, hiding)).status, 200);
    await world.clock.runFor(100);
    assert.equal(only(tablet.received()).headers.text('P-Asserted-Identity'), `<${aliceUri}>`);
    assert.equal(only(bob.received()).headers.has('P-Asserted-Identity'), false);
  });

  inWorld('policy never: none', { policy: { ownDeviceCopies: 'never' } }, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    await phone.message(bobUri, asking);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(tablet), []);
  });
});

describe('which device has sent', () => {
  inWorld('the one that registered on the flow, without saying so', {}, async (world) => {
    const [phone, tablet] = [await clientOf(world, 'alice', `;${msgTag}`), await clientOf(world, 'alice', `;${msgTag}`)];
    await phone.message(bobUri, asking);
    await world.clock.runFor(100);
    assert.deepEqual([texts(phone), texts(tablet)], [[], ['hello']]);
  });

  inWorld('the one that it names itself, on whatever connection', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    const over = await world.run(phone.peer.connect(serverPort));
    await phone.message(bobUri, { ...asking, over, contact: `${phone.contact}${withInstance('a')}` });
    await world.clock.runFor(100);
    assert.deepEqual([texts(phone), texts(tablet)], [[], ['hello']]);
  });

  inWorld('none that is registered: all of them get it', {}, async (world) => {
    const devices = await alicesDevices(world);
    const visitor = await world.phone('alice');
    await visitor.message(bobUri, asking);
    await world.clock.runFor(100);
    assert.deepEqual(devices.map(texts), [['hello'], ['hello']]);
  });

  inWorld('several behind one edge that cannot be told apart: none of them gets it', { trustedPeers: ['10.0.0.2'] }, async (world) => {
    const edge = await world.phone('alice', () => answer(200));
    const path = ['Path', `<sip:${edge.peer.address.host}:5060;lr>`] as const;
    await edge.register({
      contacts: [`<sip:alice@192.168.1.7>${withInstance('a')}`, `<sip:alice@192.168.1.8>${withInstance('b')}`],
      headers: [path],
    });
    const elsewhere = await clientOf(world, 'alice', withInstance('c'));
    await edge.message(bobUri, asking);
    await world.clock.runFor(100);
    assert.deepEqual([texts(edge), texts(elsewhere)], [[], ['hello']]);
  });

  inWorld('a message that is sent again is the same copy', {}, async (world) => {
    const [phone, tablet] = await alicesDevices(world);
    for (const callId of ['one', 'two']) assert.equal((await phone.message(bobUri, { ...asking, callId })).status, 202);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(tablet), ['hello']);
  });
});
