import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { SipResponse } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { aliceUri, bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import { cpmMessage, msgTag, type Phone, textOf } from './phone.ts';
import { simulatedUser } from './simulated-server.ts';
import { domain, serverPort, type World } from './world.ts';

/** The second host that comes into a world. */
const trustedAddress = '10.0.0.3';

/** Alice and a registered Bob. */
async function pair(world: World): Promise<{ readonly alice: Phone; readonly bob: Phone }> {
  return { alice: await world.phone('alice'), bob: await world.registeredPhone('bob') };
}

function assertedIn(phone: Phone): string | undefined {
  return only(phone.received()).headers.texts('P-Asserted-Identity').join(', ');
}

const isTagged = (response: SipResponse) => /;tag=/.test(response.headers.text('To') ?? '');

describe('who may send (RFC 3261 §22.3, RFC 3325 §5)', () => {
  inWorld('on UDP every request is asked for credentials by 407', {}, async (world) => {
    const { alice } = await pair(world);
    for (const body of ['one', 'two']) {
      const template = alice.messageTemplate(bobUri, { body });
      const asked = await alice.exchange(template);
      assert.equal(asked.status, 407);
      assert.equal(asked.headers.texts('Proxy-Authenticate').length, 2);
      assert.ok(isTagged(asked));
      assert.equal((await alice.message(bobUri, { body })).status, 200);
    }
  });

  inWorld('a nonce may be used again with the next count, and not with the same', {}, async (world) => {
    const { alice, bob } = await pair(world);
    const template = alice.messageTemplate(bobUri, { body: 'counted' });
    const asked = await alice.exchange(template);
    const statuses: number[] = [];
    for (const [sequence, count] of [
      [2, 1],
      [3, 2],
      [4, 2],
    ] as const) {
      const credentials = alice.credentials(template, asked, {}, count);
      assert.ok(credentials !== undefined);
      statuses.push((await alice.exchange({ ...template, sequence, headers: [credentials] })).status);
    }
    assert.deepEqual(statuses, [200, 200, 407]);
    assert.equal(bob.received().length, 2);
  });

  inWorld('a wrong password is asked again, and nothing arrives', {}, async (world) => {
    const { alice, bob } = await pair(world);
    const response = await alice.authenticated(alice.messageTemplate(bobUri, { body: 'x' }), { password: 'guess' });
    assert.equal(response.status, 407);
    assert.equal(bob.received().length, 0);
  });

  inWorld('credentials go no further than to this server', routed(), async (world) => {
    const { alice, bob } = await pair(world);
    const other = await world.peer('other');
    await alice.message(bobUri, { body: 'secret' });
    await alice.message('sip:dora@udp.test', { body: 'secret' });
    for (const request of [only(bob.received()), only(other.requests())]) assert.equal(request.headers.has('Proxy-Authorization'), false);
  });
});

describe('who may send over a connection', () => {
  inWorld('on TCP each user of a connection is asked once', { users: ['alice', 'bob', 'carol'] }, async (world) => {
    const { alice } = await pair(world);
    const over = await world.run(alice.peer.connect(serverPort));
    assert.equal((await alice.message(bobUri, { body: 'asked', over })).status, 200);
    const again = await alice.exchange(alice.messageTemplate(bobUri, { body: 'not asked' }), { over });
    assert.equal(again.status, 200);
    const asCarol = alice.messageTemplate(bobUri, { body: 'carol', from: `<sip:carol@${domain}>` });
    assert.equal((await alice.exchange(asCarol, { over })).status, 407);
    assert.equal((await alice.authenticated(asCarol, { over, user: 'carol', password: 'carol' })).status, 200);
    assert.equal((await alice.exchange(asCarol, { over })).status, 200);
    const elsewhere = await world.run(alice.peer.connect(serverPort));
    assert.equal((await alice.exchange(alice.messageTemplate(bobUri, { body: 'new connection' }), { over: elsewhere })).status, 407);
  });

  inWorld('on a connection that a proxy shares among its clients, each request is asked', {}, async (world) => {
    const { alice, bob } = await pair(world);
    const over = await world.run(alice.peer.connect(serverPort));
    const behind = (host: string) => [['Via', `SIP/2.0/TCP ${host}:5060;branch=z9hG4bK${host}`]] as const;
    const byProxy = alice.messageTemplate(bobUri, { body: 'by proxy', headers: behind('192.0.2.1') });
    assert.equal((await alice.authenticated(byProxy, { over, user: 'alice', password: 'alice' })).status, 200);
    const asAlice = alice.messageTemplate(bobUri, { body: 'by another client', headers: behind('192.0.2.2') });
    assert.equal((await alice.exchange(asAlice, { over })).status, 407);
    assert.equal((await alice.exchange(alice.messageTemplate(bobUri, { body: 'by the proxy' }), { over })).status, 407);
    assert.equal((await alice.message(bobUri, { body: 'the proxy’s own', over })).status, 200);
    assert.equal((await alice.exchange(asAlice, { over })).status, 407);
    assert.equal(bob.received().length, 2);
  });
});

describe('whom the core asserts (architecture: users, identities)', () => {
  inWorld('a From that is not the sender’s is refused by 403', {}, async (world) => {
    const { alice, bob } = await pair(world);
    for (const from of [bobUri, `sip:nobody@${domain}`, 'sip:alice@other.test']) {
      const response = await alice.message(aliceUri, { body: 'x', from: `<${from}>` });
      assert.equal(response.status, 403);
      assert.ok(isTagged(response));
    }
    assert.equal(bob.received().length, 0);
  });

  inWorld('P-Preferred-Identity chooses among the sender’s identities, and does not cross', numbers(), async (world) => {
    const { alice, bob } = await pair(world);
    await alice.message(bobUri, { body: 'x', headers: [['P-Preferred-Identity', '<tel:+1-555-0001>']] });
    assert.equal(assertedIn(bob), '<tel:+15550001>');
    assert.equal(only(bob.received()).headers.has('P-Preferred-Identity'), false);
  });

  inWorld('a P-Preferred-Identity of somebody else gives way to From', numbers(), async (world) => {
    const { alice, bob } = await pair(world);
    await alice.message(bobUri, { body: 'x', headers: [['P-Preferred-Identity', `<${bobUri}>`]] });
    assert.equal(assertedIn(bob), `<${aliceUri}>`);
  });

  inWorld('what an untrusted peer asserts is stripped', {}, async (world) => {
    const { alice, bob } = await pair(world);
    const headers = [
      ['P-Asserted-Identity', `<${bobUri}>`],
      ['P-Asserted-Service', 'urn:urn-7:3gpp-service.ims.icsi.mmtel'],
      ['P-Charging-Vector', 'icid-value=1'],
      ['P-Unheard-Of', 'x'],
    ] as const;
    assert.equal((await alice.message(bobUri, { body: 'x', headers })).status, 200);
    assert.equal(assertedIn(bob), `<${aliceUri}>`);
    const names = only(bob.received()).headers.raw.map(({ key }) => key);
    assert.deepEqual(names.filter((name) => name.startsWith('p-')).sort(), [
      'p-asserted-identity',
      'p-asserted-service',
      'p-called-party-id',
    ]);
    assert.equal(only(bob.received()).headers.text('P-Asserted-Service'), 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg');
  });
});

describe('who is trusted', () => {
  inWorld('a trusted peer’s P-Asserted-Identity is believed, else his From; he is never asked', trusting(), async (world) => {
    const bob = await world.registeredPhone('bob');
    const proxy = await world.phone('proxy');
    assert.equal(proxy.peer.address.host, trustedAddress);
    const asserted = proxy.messageTemplate(bobUri, {
      ...cpmMessage('asserted', { headers: [['P-Asserted-Identity', '<sip:eve@other.test>']] }),
      from: '<sip:whoever@other.test>',
    });
    assert.equal((await proxy.exchange(asserted)).status, 200);
    assert.equal((await proxy.exchange(proxy.messageTemplate(bobUri, { body: 'from', from: '<sip:fred@other.test>' }))).status, 200);
    assert.deepEqual(
      bob.received().map(({ headers }) => headers.texts('P-Asserted-Identity').join()),
      ['<sip:eve@other.test>', '<sip:fred@other.test>'],
    );
  });

  inWorld('a trusted peer that forwards our own user’s request is served like him', trusting(), async (world) => {
    const bob = await world.registeredPhone('bob');
    const proxy = await world.phone('proxy');
    const response = await proxy.exchange(proxy.messageTemplate(bobUri, { body: 'plain', from: `<${aliceUri}>` }));
    assert.equal(response.status, 200);
    assert.ok(response.headers.has('Conversation-ID'), 'the originating function has made it a CPM message');
    assert.equal(only(bob.received()).headers.text('Content-Type'), 'message/cpim');
  });

  inWorld('who is not trusted is asked, wherever he says he is from', trusting(), async (world) => {
    await world.registeredPhone('bob');
    await world.phone('proxy');
    const stranger = await world.phone('stranger');
    const request = stranger.messageTemplate(bobUri, { body: 'x', from: '<sip:eve@other.test>' });
    assert.equal((await stranger.exchange(request)).status, 407);
  });

  inWorld('demo users act from loopback addresses only', demo(), async (world) => {
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, { body: 'x' })).status, 403);
    assert.equal((await alice.register()).status, 403);
  });
});

describe('where a request leads', () => {
  inWorld('an unknown user and a domain without route are 404, another scheme 416', {}, async (world) => {
    const { alice } = await pair(world);
    const asked = [`sip:nobody@${domain}`, 'tel:+15559999', 'sip:bob@unrouted.test', 'mailto:bob@cpm.test'];
    const responses: SipResponse[] = [];
    for (const uri of asked) responses.push(await alice.message(uri, { body: 'x', to: '<sip:whoever@cpm.test>' }));
    assert.deepEqual(
      responses.map(({ status }) => status),
      [404, 404, 404, 416],
    );
    assert.ok(responses.every(isTagged));
  });

  inWorld('a stranger learns nothing of which users there are', {}, async (world) => {
    const stranger = await world.phone('stranger');
    for (const uri of [bobUri, `sip:nobody@${domain}`, 'sip:bob@unrouted.test'])
      assert.equal((await stranger.exchange(stranger.messageTemplate(uri, { body: 'x' }))).status, 407);
  });

  const sameUser = [bobUri, 'tel:+15550002', `sip:+15550002@${domain};user=phone`, 'tel:+1-555-0002', `sip:+15550002@${domain}`];
  for (const uri of [...sameUser, 'sip:bob@10.0.0.1:5060', 'sip:%62ob@CPM.test:5060']) {
    inWorld(`${uri} reaches the user who has the address`, numbers(), async (world) => {
      const { alice, bob } = await pair(world);
      assert.equal((await alice.message(uri, { body: 'to you' })).status, 200);
      assert.equal(textOf(only(bob.received())), 'to you');
    });
  }

  for (const transport of ['UDP', 'TCP'] as const) {
    inWorld(`a domain with a route is reached over ${transport}, and its answer comes back`, routed(), async (world) => {
      const { alice } = await pair(world);
      const other = await world.peer('other', () => answer(transport === 'TCP' ? 202 : 486));
      const response = await alice.message(`sip:dora@${transport.toLowerCase()}.test`, { body: 'over there' });
      assert.equal(response.status, transport === 'TCP' ? 202 : 486);
      const request = only(other.requests());
      assert.equal(other.received[0]?.flow.transport, transport);
      assert.equal(request.uri, `sip:dora@${transport.toLowerCase()}.test`);
      assert.equal(request.headers.text('P-Asserted-Identity'), `<${aliceUri}>`);
      assert.equal(request.headers.text('Max-Forwards'), '69');
      assert.match(request.headers.text('Route') ?? '', /;lr/);
    });
  }
});

describe('beyond this domain', () => {
  const nowhere = { routes: { 'lost.test': 'sip:proxy.lost.test' }, faultsExpected: true };
  inWorld('a route whose host has no address is 503 with Retry-After, and told to the operator', nowhere, async (world) => {
    const alice = await world.phone('alice');
    const response = await alice.message('sip:x@lost.test', { body: 'x' });
    assert.equal(response.status, 503);
    assert.equal(response.headers.text('Retry-After'), '30');
    assert.ok(world.server.log.some(({ fields }) => fields.where === 'resolve a next hop'));
  });

  inWorld('a stranger reaches no route through this server', routed(), async (world) => {
    const stranger = await world.phone('stranger');
    const other = await world.peer('other');
    const request = stranger.messageTemplate('sip:dora@udp.test', { body: 'spam', from: '<sip:stranger@udp.test>' });
    assert.equal((await stranger.exchange(request)).status, 407);
    assert.equal(other.requests().length, 0);
  });

  inWorld('408 and a challenge from the next hop become what may answer here', routed(), async (world) => {
    const { alice } = await pair(world);
    const other = await world.peer('other', () => answer(408));
    assert.equal((await alice.message('sip:dora@udp.test', { body: 'x' })).status, 480);
    other.script = () => answer(407);
    assert.equal((await alice.message('sip:dora@udp.test', { body: 'x' })).status, 403);
  });

  inWorld('a next hop that does not answer is 480, never 408 (RFC 4320 §4.1)', routed(), async (world) => {
    const { alice } = await pair(world);
    await world.peer('other', () => ({ kind: 'silence' }));
    assert.equal((await alice.message('sip:dora@udp.test', { body: 'x', limitMilliseconds: 40_000 })).status, 480);
  });

  inWorld('an anonymous sender’s identity does not go to a next hop that is not trusted', routed(), async (world) => {
    const { alice } = await pair(world);
    const other = await world.peer('other');
    const hidden = cpmMessage('guess who', {
      headers: [
        ['Privacy', 'id'],
        ['Contact', alice.contact],
        ['Reply-To', `<${aliceUri}>`],
      ],
    });
    assert.equal((await alice.message('sip:dora@udp.test', hidden)).status, 200);
    const octets = new TextDecoder().decode(other.received[0]?.octets);
    assert.doesNotMatch(octets, /alice/);
    assert.doesNotMatch(octets, new RegExp(alice.peer.address.host));
  });
});

describe('what is refused before anybody looks at it', () => {
  inWorld('Max-Forwards 0 is 483', {}, async (world) => {
    const { alice } = await pair(world);
    assert.equal((await alice.message(bobUri, { body: 'x', maxForwards: 0 })).status, 483);
    assert.equal((await alice.message(bobUri, { body: 'x', maxForwards: 1 })).status, 200);
  });

  inWorld('a body over the limit is 413, on UDP and on TCP', { limits: { bodyOctets: 2000 } }, async (world) => {
    const { alice, bob } = await pair(world);
    const over = await world.run(alice.peer.connect(serverPort));
    for (const how of [{}, { over }]) {
      const response = await alice.message(bobUri, { body: 'x'.repeat(2001), ...how });
      assert.equal(response.status, 413);
    }
    assert.equal(bob.received().length, 0);
    assert.equal((await alice.message(bobUri, { body: 'x'.repeat(1500) })).status, 200);
  });

  inWorld('an unknown Require or Proxy-Require is 420 with Unsupported', {}, async (world) => {
    const { alice } = await pair(world);
    for (const name of ['Require', 'Proxy-Require']) {
      const response = await alice.message(bobUri, { body: 'x', headers: [[name, 'foo, path']] });
      assert.deepEqual([response.status, response.headers.text('Unsupported')], [420, 'foo']);
    }
  });

  inWorld('OPTIONS to the server is 200 and says what it takes; other requests to it are 404', {}, async (world) => {
    const stranger = await world.phone('stranger');
    for (const uri of [`sip:${domain}`, 'sip:10.0.0.1', 'sip:10.0.0.1:5060']) {
      const response = await stranger.exchange({ ...stranger.messageTemplate(uri), method: 'OPTIONS' });
      assert.equal(response.status, 200);
      assert.match(response.headers.text('Allow') ?? '', /MESSAGE/);
      assert.match(response.headers.text('Accept') ?? '', /message\/cpim/);
      assert.match(response.headers.text('Server') ?? '', /^CPM-serv\/OMA2\.1 /);
    }
    assert.equal((await stranger.exchange(stranger.messageTemplate(`sip:${domain}`, { body: 'x' }))).status, 404);
  });
});

describe('what this server does not do', () => {
  inWorld('INVITE, SUBSCRIBE and unknown methods to the server itself are 405 with Allow', {}, async (world) => {
    const alice = await world.phone('alice');
    for (const method of ['INVITE', 'SUBSCRIBE', 'NOSUCH']) {
      const response = await alice.exchange({ ...alice.messageTemplate(`sip:${domain}`), method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.text('Allow'), 'REGISTER, MESSAGE, OPTIONS');
    }
  });

  inWorld('garbage is dropped or 400, and the server lives', {}, async (world) => {
    const { alice, bob } = await pair(world);
    for (const garbage of [
      '\u0000\u0001\u0002',
      'hello\r\n\r\n',
      'MESSAGE sip:bob@cpm.test SIP/2.0\r\n\r\n',
      '\r\n\r\n',
      'SIP/2.0 200 OK\r\n\r\n',
    ])
      alice.peer.sendRaw(garbage, serverPort);
    const names = alice.send(alice.messageTemplate(bobUri, { body: 'x', to: 'nonsense <' }));
    await world.clock.runFor(100);
    assert.equal(alice.answerTo(names)?.status, 400);
    assert.equal((await alice.message(bobUri, { body: 'alive' })).status, 200);
    assert.equal(bob.received().length, 1);
  });

  inWorld('a service other than that of standalone messages is refused', {}, async (world) => {
    const { alice } = await pair(world);
    const foreignService = [['P-Preferred-Service', 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session']] as const;
    const refused = await alice.message(bobUri, { body: 'x', headers: foreignService });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.text('Warning'), `399 ${domain} "122 Function not allowed"`);
    const tag = `*;${msgTag.replace('cpm.msg', 'cpm.session')}`;
    assert.equal((await alice.message(bobUri, { body: 'x', headers: [['Accept-Contact', tag]] })).status, 488);
  });
});

function numbers() {
  return { users: [simulatedUser('alice', aliceUri, 'tel:+15550001'), simulatedUser('bob', bobUri, 'tel:+15550002')] };
}

function trusting() {
  return { trustedPeers: [trustedAddress] };
}

/** The peer behind Alice and Bob. */
function routed() {
  return { routes: { 'udp.test': 'sip:10.0.0.4', 'tcp.test': 'sip:10.0.0.4;transport=tcp' } };
}

function demo() {
  return { users: [{ ...simulatedUser('alice'), loopbackOnly: true }, 'bob'] };
}
