import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers, type SipResponse } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { aliceUri, bobsClient, bobUri, clientOf, notifications, texts } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag, type Phone } from './phone.ts';
import { type SimulatedClient, serverPort, type World } from './world.ts';

const anonymous = 'sip:anonymous@anonymous.invalid';
const alicesInstance = '<urn:uuid:00000000-0000-4000-8000-0000000a11ce>';
const hidingHeaders = [['Privacy', 'id']] as const;
const hiding = { messageId: 'm1', notifications: ['positive-delivery', 'display'], headers: hidingHeaders };
const statusOf = ({ status }: SipResponse) => status;

/** A notification as clients write it: the wrapper names nobody (5.4). */
function imdnOf(about: string, messageId = `imdn-of-${about}`): ReturnType<typeof imdnMessage> {
  const { headers = [], body = '' } = imdnMessage(about, { messageId });
  return { headers, body: body.replace(aliceUri, anonymous).replace(bobUri, anonymous) };
}

/** Everything that went to or from that host, octet by octet. */
function wireOf(world: World, address: string): string {
  const { entries } = world.network.wireLog;
  const there = entries.filter(({ from, to }) => from.host === address || to.host === address);
  return there.map(({ octets }) => new TextDecoder().decode(octets)).join('\n');
}

function assertNoTrace(world: World, recipient: string, traces: readonly string[]): void {
  const wire = wireOf(world, recipient).toLowerCase();
  assert.ok(wire.includes(anonymous) && wire.includes('message/imdn+xml'), 'the wire log shows message and notification');
  for (const trace of traces) assert.ok(!wire.includes(trace.toLowerCase()), `${recipient} was shown ${trace}`);
}

function assertUnseen(world: World, { address }: SimulatedClient, alice: SimulatedClient): void {
  assertNoTrace(world, address, ['alice', alicesInstance, 'a11ce', alice.address]);
}

async function registered(world: World, user: string, instanceId: string): Promise<SimulatedClient> {
  const comer = world.client(user, { instanceId });
  assert.equal((await world.run(comer.client.register())).kind, 'registered');
  return comer;
}

const comesBob = (world: World) => registered(world, 'bob', '<urn:uuid:00000000-0000-4000-8000-000000000b0b>');
const comesAlice = (world: World) => registered(world, 'alice', alicesInstance);

async function restart(world: World): Promise<void> {
  world.server.crash();
  world.mishaps.clear();
  await world.run(world.server.start());
}

async function sendsHiding({ client }: SimulatedClient, world: World): Promise<number | undefined> {
  const sent = await world.run(client.send(bobUri, 'guess who', { anonymous: true }));
  return sent.kind === 'accepted' ? sent.status : undefined;
}

const learned = ({ dispositions }: SimulatedClient) => dispositions.map(({ from, notification }) => `${notification.status} by ${from}`);

describe('notifications of anonymous messages find their sender, whom nobody sees (decision 34)', () => {
  inWorld('of a message that was relayed', {}, async (world) => {
    const alice = await comesAlice(world);
    const bob = await comesBob(world);
    assert.equal(await sendsHiding(alice, world), 200);
    const message = only(bob.messages);
    assert.deepEqual([message.from, message.anonymous], [anonymous, true]);
    assert.equal((await world.run(bob.client.notifyDisplayed(message))).kind, 'accepted');
    await world.clock.runFor(1000);
    assert.deepEqual(learned(alice), [`delivered by ${bobUri}`, `displayed by ${bobUri}`]);
    assertUnseen(world, bob, alice);
  });

  inWorld('of a message that was deferred, by a server that crashed twice meanwhile', {}, async (world) => {
    const alice = await comesAlice(world);
    assert.equal(await sendsHiding(alice, world), 202);
    await restart(world);
    const bob = await comesBob(world);
    await world.clock.runFor(1000);
    assert.deepEqual(learned(alice), [`delivered by ${bobUri}`]);
    await restart(world);
    await world.run(bob.client.notifyDisplayed(only(bob.messages)));
    await world.clock.runFor(1000);
    assert.deepEqual(learned(alice), [`delivered by ${bobUri}`, `displayed by ${bobUri}`]);
    assertUnseen(world, bob, alice);
  });

  inWorld('while the sender is away: deferred for him like any other', {}, async (world) => {
    const bob = await bobsClient(world);
    const away = await world.phone('alice');
    assert.equal(statusOf(await away.message(bobUri, cpmMessage('x', hiding))), 200);
    const response = await bob.message(anonymous, imdnOf('m1'));
    assert.equal(response.status, 202);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    await world.clock.runFor(1000);
    assert.deepEqual(notifications(alice), ['m1 delivered']);
    assertNoTrace(world, bob.peer.address.host, ['alice', away.peer.address.host, alice.peer.address.host]);
  });

  inWorld('whose client refuses it and says why', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`, () => answer(200));
    await alice.message(bobUri, cpmMessage('x', hiding));
    alice.peer.script = () => answer(603, { reason: 'Alice declines', headers: Headers.of(['Warning', '399 alice "alice"']) });
    assert.equal((await bob.message(anonymous, imdnOf('m1'))).status, 202);
    assertNoTrace(world, bob.peer.address.host, ['alice', alice.peer.address.host]);
  });

  const foreign = { trustedPeers: ['10.0.0.2'], routes: { 'other.test': 'sip:10.0.0.2' } };
  inWorld('who is a user of another core, by his address; its answer tells nothing of it', foreign, async (world) => {
    const other = await world.peer('other', () =>
      answer(480, { reason: 'Dora is away', headers: Headers.of(['Warning', '399 other.test "Dora"'], ['Retry-After', '77']) }),
    );
    const bob = await bobsClient(world);
    const message = cpmMessage('x', { ...hiding, headers: [...hidingHeaders, ['P-Asserted-Identity', '<sip:dora@other.test>']] });
    const names = other.send({ method: 'MESSAGE', uri: bobUri, from: `<${anonymous}>`, to: `<${bobUri}>`, ...message }, serverPort);
    await world.clock.runFor(1000);
    assert.deepEqual(other.responses(names).map(statusOf), [200]);
    const { status, headers } = await bob.message(anonymous, imdnOf('m1'));
    assert.deepEqual([status, headers.text('Retry-After'), headers.has('Warning')], [480, '77', false]);
    assert.equal(only(other.requests()).uri, 'sip:dora@other.test');
    assertNoTrace(world, bob.peer.address.host, ['dora', 'other.test', '10.0.0.2', 'alice']);
  });
});

describe('what would tell of a sender who hides (decision 34, RFC 3323 §4.1, §5.1)', () => {
  const telling = [
    ['Contact', '<sip:alice@10.0.0.99>;+sip.instance="<urn:uuid:alice>"'],
    ['Reply-To', '<sip:alice@cpm.test>'],
    ['In-Reply-To', 'call-of@alice'],
    ['Referred-By', '<sip:alice@cpm.test>'],
    ['History-Info', '<sip:alice@cpm.test>;index=1'],
    ['Diversion', '<sip:alice@cpm.test>'],
    ['Organization', 'Alice and daughters'],
    ['Call-Info', '<http://alice.test/photo.jpg>;purpose=icon'],
    ['User-Agent', 'CPM-client/OMA2.1 phone/of-alice'],
    ['Remote-Party-ID', '<sip:alice@cpm.test>;privacy=full'],
    ['P-Preferred-Identity', '<sip:alice@cpm.test>'],
    ['P-Access-Network-Info', '3GPP-E-UTRAN;utran-cell-id-3gpp=a11ce'],
    ['P-Charging-Vector', 'icid-value=alice'],
    ['Identity', '"alice"'],
    ['Geolocation', '<cid:alice@10.0.0.99>'],
    ['Proxy-Authorization', 'Digest username="alice", realm="elsewhere", nonce="n", uri="sip:x", response="0"'],
    ['Record-Route', '<sip:alice.test;lr>'],
  ] as const;
  const foreign = { routes: { 'other.test': 'sip:10.0.0.2' } };

  for (const where of ['a client that is there', 'a client that comes later', 'another domain'] as const) {
    inWorld(`reaches neither in SIP nor in CPIM ${where}`, foreign, async (world) => {
      const other = await world.peer('other', () => answer(200));
      const alice = await world.phone('alice');
      const early = where === 'a client that is there' ? await bobsClient(world) : undefined;
      const to = where === 'another domain' ? 'sip:dora@other.test' : bobUri;
      const { headers = [], body = '' } = cpmMessage('guess who', { ...hiding, headers: [...hidingHeaders, ...telling] });
      const routed = body.replace('DateTime:', 'imdn.IMDN-Record-Route: <sip:alice@10.0.0.99>\r\nDateTime:');
      const own = ['alice', 'a11ce', '10.0.0.99', alice.peer.address.host];
      const status = where === 'a client that comes later' ? 202 : 200;
      assert.equal((await alice.message(to, { headers, body: routed, callId: `call@${alice.peer.address.host}` })).status, status);
      const client = early ?? (where === 'another domain' ? { peer: other } : await bobsClient(world));
      await world.clock.runFor(1000);
      const wire = wireOf(world, client.peer.address.host).toLowerCase();
      assert.ok(wire.includes('guess who') && wire.includes('privacy: id'));
      assert.deepEqual(
        own.filter((trace) => wire.includes(trace)),
        [],
      );
    });
  }
});

describe('what leads to nobody (decision 34)', () => {
  const hidden = async (world: World, more: Parameters<typeof cpmMessage>[1] = {}) => {
    const bob = await bobsClient(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    assert.equal(statusOf(await alice.message(bobUri, cpmMessage('x', { ...hiding, ...more }))), 200);
    return { alice, bob };
  };
  const is404 = async (sender: Phone, message: ReturnType<typeof imdnMessage>) =>
    assert.equal(statusOf(await sender.message(anonymous, message)), 404);

  inWorld('an unknown Message-ID, and a message that is no notification, are 404', {}, async (world) => {
    const { alice, bob } = await hidden(world);
    await is404(bob, imdnOf('m2'));
    await is404(bob, cpmMessage('who are you?', { messageId: 'm1', from: bobUri }));
    assert.deepEqual(texts(alice), []);
  });

  inWorld('another user’s notification of that Message-ID is 404', { users: ['alice', 'bob', 'carol'] }, async (world) => {
    const { alice, bob } = await hidden(world);
    await is404(await world.phone('carol'), imdnOf('m1'));
    assert.deepEqual(notifications(alice), []);
    assert.equal(statusOf(await bob.message(anonymous, imdnOf('m1'))), 200);
  });

  for (const [what, more] of [
    ['asked for none', { notifications: [] }],
    ['was not anonymous', { headers: [] }],
  ] as const) {
    inWorld(`a notification of a message that ${what} is 404`, {}, async (world) => {
      const { bob } = await hidden(world, more);
      await is404(bob, imdnOf('m1'));
    });
  }

  inWorld('a notification is 404 from a week after the expiry of its message on', { policy: { maxExpirySeconds: 3600 } }, async (world) => {
    const { bob } = await hidden(world);
    world.server.crash();
    await world.clock.runFor((7 * 86_400 + 3000) * 1000);
    await world.run(world.server.start());
    assert.equal(statusOf(await bob.message(anonymous, imdnOf('m1'))), 202);
    await world.clock.runFor(700_000);
    await is404(bob, imdnOf('m1', 'later'));
  });
});

describe('what goes wrong with keeping the sender (decision 34)', () => {
  const faults = { faultsExpected: true };

  inWorld('the message is 503 with Retry-After, goes to nobody, and may come again', faults, async (world) => {
    const bob = await bobsClient(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    world.mishaps.expect('INSERT INTO anonymous_originators', 'fails');
    const { status, headers } = await alice.message(bobUri, cpmMessage('x', hiding));
    assert.deepEqual([status, headers.text('Retry-After')], [503, '30']);
    assert.deepEqual(texts(bob), []);
    assert.equal(statusOf(await alice.message(bobUri, cpmMessage('x', hiding))), 200);
    assert.equal(statusOf(await bob.message(anonymous, imdnOf('m1'))), 200);
    assert.deepEqual(notifications(alice), ['m1 delivered']);
  });

  inWorld('a crash before he is kept leaves nobody with a message that he cannot notify of', {}, async (world) => {
    const bob = await bobsClient(world);
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    world.mishaps.expect('INSERT INTO anonymous_originators', 'hangs');
    await assert.rejects(alice.message(bobUri, { ...cpmMessage('x', hiding), limitMilliseconds: 5000 }));
    assert.deepEqual(texts(bob), []);
    await restart(world);
    assert.equal(statusOf(await alice.message(bobUri, cpmMessage('x', hiding))), 200);
    assert.equal(statusOf(await bob.message(anonymous, imdnOf('m1'))), 200);
  });

  inWorld('the sweep of what is over meets a fault and says so', faults, async (world) => {
    world.mishaps.expect('DELETE FROM anonymous_originators', 'fails');
    await world.clock.runFor(61_000);
    assert.ok(world.server.log.some(({ level, fields }) => level === 'error' && fields.where === 'sweep'));
  });
});
