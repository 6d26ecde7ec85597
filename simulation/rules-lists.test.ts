import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { aliceUri, bobsClient, bobUri, clientOf, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, msgTag, type Phone } from './phone.ts';
import { asks, verdict } from './rules.ts';
import { simulatedUser } from './simulated-server.ts';
import { serverPort, type World } from './world.ts';

const refused = [403, '399 cpm.test "122 Function not allowed"'] as const;
const notAuthorised = [403, '399 cpm.test "127 Service not authorised"'] as const;
const oldRelease = [403, '399 cpm.test "132 Version not supported"'] as const;
const delivered = [200, undefined] as const;
const trusting = { trustedPeers: ['10.0.0.2'] };

const blocks = (world: World, uri: string) => asks(world, ({ preferences }) => preferences.block('bob', uri));
const saying = (userAgent: string) => cpmMessage(userAgent, { headers: [['User-Agent', userAgent]] });

/** A message that a trusted peer brings, and what he is answered. */
async function brings(world: World, headers: readonly (readonly [string, string])[], id = 'm1') {
  const peer = await world.peer('trusted');
  const message = cpmMessage('x', { messageId: id, notifications: ['negative-delivery'], headers });
  const names = peer.send({ method: 'MESSAGE', uri: bobUri, from: '<sip:dora@other.test>', to: `<${bobUri}>`, ...message }, serverPort);
  await world.clock.runFor(1000);
  return { peer, verdict: verdict(only(peer.responses(names))) };
}

describe('blocked contacts (B-8.3.1.1-04, -05, decision 17)', () => {
  inWorld('are refused whatever they send, by every writing of their address, until they are taken out', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await blocks(world, 'sip:alice@CPM.TEST;user=ip');
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), refused);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    await asks(world, ({ preferences }) => preferences.unblock('bob', aliceUri));
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), delivered);
    assert.deepEqual(texts(bob), ['1']);
  });

  inWorld('who hide are refused too', {}, async (world) => {
    const alice = await world.phone('alice');
    await blocks(world, aliceUri);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x', { headers: [['Privacy', 'id']] }))), refused);
  });

  inWorld('are known by the second address that their core asserts (RFC 3325 §9.1)', trusting, async (world) => {
    await blocks(world, 'tel:+15550099');
    const asserted = [['P-Asserted-Identity', '<sip:dora@other.test>, <tel:+1-555-0099>']] as const;
    assert.deepEqual((await brings(world, asserted)).verdict, refused);
  });
});

describe('who may send (E-8.2.1.2-01)', () => {
  inWorld('not a user whom the operator has barred, who still gets messages; also after a restart', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await world.phone('alice');
    await asks(world, ({ preferences }) => preferences.setBarred('bob', true));
    world.server.crash();
    await world.run(world.server.start());
    assert.deepEqual(verdict(await bob.message(aliceUri, cpmMessage('x', { from: bobUri }))), notAuthorised);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('y'))), delivered);
    await asks(world, ({ preferences }) => preferences.setBarred('bob', false));
    assert.equal((await bob.message(aliceUri, cpmMessage('z', { from: bobUri }))).status, 202);
  });
});

describe('releases (B-8.3.1.1-02, E-8.2.1.2-02, wire facts 3)', () => {
  const minRelease = { major: 2, minor: 0 };

  inWorld('below the oldest one are refused, unknown ones served', { policy: { minRelease } }, async (world) => {
    const alice = await world.phone('alice');
    const releases = ['CPM-client/OMA1.0 X/1', 'CPM-client/OMA2.0', 'X/1 CPM-client/OMA2.2', 'linphone/5'];
    const deferred = [202, undefined] as const;
    for (const [place, expected] of [oldRelease, deferred, deferred, deferred].entries()) {
      assert.deepEqual(verdict(await alice.message(bobUri, saying(releases[place] ?? ''))), expected);
    }
  });

  inWorld('that are unknown are refused when the operator says so', { policy: { minRelease, unknownRelease: 'refuse' } }, async (world) => {
    const alice = await world.phone('alice');
    assert.deepEqual(verdict(await alice.message(bobUri, saying('linphone/5'))), oldRelease);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x'))), oldRelease);
    // One who hides is known by no device, and was looked at before.
    const hiding = cpmMessage('y', {
      headers: [
        ['Privacy', 'id'],
        ['User-Agent', 'CPM-client/OMA2.1 Phone/of-alice'],
      ],
    });
    assert.equal((await alice.message(bobUri, hiding)).status, 202);
  });

  inWorld('are looked at by the recipient’s side as well', { ...trusting, policy: { minRelease } }, async (world) => {
    assert.deepEqual((await brings(world, [['User-Agent', 'CPM-client/OMA1.0']])).verdict, oldRelease);
  });
});

describe('a message that is over when it comes (RFC 3428 §7)', () => {
  const foreign = { ...trusting, routes: { 'other.test': 'sip:10.0.0.2' } };
  inWorld('from another core is 480, and its sender is told when he asked', foreign, async (world) => {
    const over = [
      ['Date', new Date(world.clock.now() - 61_000).toUTCString()],
      ['Expires', '60'],
    ] as const;
    const { peer, verdict: answered } = await brings(world, over);
    assert.deepEqual(answered, [480, undefined]);
    const notice = only(peer.requests('MESSAGE'));
    assert.deepEqual([notice.uri, notice.headers.text('P-Asserted-Identity')], ['sip:dora@other.test', `<${bobUri}>`]);
    assert.match(new TextDecoder().decode(notice.body), /<message-id>m1<\/message-id>[\s\S]*<failed\/>/);
    assert.equal((await waitingRows(world)).deferred, 0);
  });
});

describe('the service that is asserted (E-8.2.1.2-11 to -13)', () => {
  const group = 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg.group';
  const session = 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session';

  for (const [preferred, asserted] of [
    [group, group],
    [`${session}, ${group}`, group],
    ['3gpp-service.ims.icsi.oma.cpm.msg', 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg'],
  ] as const) {
    inWorld(`is the one of a standalone message that the client prefers: ${preferred}`, {}, async (world) => {
      const bob = await bobsClient(world);
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, cpmMessage('x', { headers: [['P-Preferred-Service', preferred]] }))).status, 200);
      const { headers } = only(bob.received());
      assert.deepEqual([headers.text('P-Asserted-Service'), headers.has('P-Preferred-Service')], [asserted, false]);
    });
  }

  inWorld('is 403 with Warning 122 when it is none of a standalone message', {}, async (world) => {
    const alice = await world.phone('alice');
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('x', { headers: [['P-Preferred-Service', session]] }))), refused);
  });
});

describe('profiles of devices (B-8.3.1.1-17, B-8.3.1.6.2-05)', () => {
  const phoneInstance = '<urn:uuid:00000000-0000-4000-8000-000000000001>';
  const tabletInstance = '<urn:uuid:00000000-0000-4000-8000-000000000002>';
  const device = (world: World, instance: string): Promise<Phone> => clientOf(world, 'bob', `;+sip.instance="${instance}";${msgTag}`);
  const gets = (world: World, media: readonly 'standalone'[] | undefined) =>
    asks(world, ({ preferences }) => preferences.setProfile('bob', tabletInstance, media));

  inWorld('leave a device out, and put it in again', {}, async (world) => {
    const [phone, tablet] = [await device(world, phoneInstance), await device(world, tabletInstance)];
    const alice = await world.phone('alice');
    await gets(world, []);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('1'))), delivered);
    await gets(world, ['standalone']);
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), delivered);
    assert.deepEqual([texts(phone), texts(tablet)], [['1', '2'], ['2']]);
  });

  inWorld('keep messages for another device, and bring them once this one is to get them', {}, async (world) => {
    const tablet = await device(world, tabletInstance);
    const alice = await world.phone('alice');
    await gets(world, []);
    assert.equal((await alice.message(bobUri, cpmMessage('x'))).status, 202);
    await tablet.register({ contacts: [`${tablet.contact};+sip.instance="${tabletInstance}";${msgTag}`] });
    await world.clock.runFor(1000);
    assert.deepEqual(texts(tablet), []);
    await gets(world, undefined);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(tablet), ['x']);
  });
});

describe('a user with two addresses', () => {
  const users = { users: ['bob', simulatedUser('alice', aliceUri, 'tel:+15550001')] };

  inWorld('is blocked by the one that he uses', users, async (world) => {
    await bobsClient(world);
    const alice = await world.phone('alice');
    await blocks(world, 'sip:+15550001@cpm.test;user=phone');
    assert.deepEqual(
      verdict(await alice.message(bobUri, cpmMessage('1', { headers: [['P-Preferred-Identity', '<tel:+15550001>']] }))),
      refused,
    );
    assert.deepEqual(verdict(await alice.message(bobUri, cpmMessage('2'))), delivered);
  });
});
