/** Dialogs through the proxy: Record-Route, the ACK to a 2xx, requests of both sides, and forged proofs. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { late, type PeerScript, several, silence } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import type { Phone } from './phone.ts';
import { answers, bind, Call, dialogAnswer, fromCalledSide, phoneOf, valuesOf } from './proxy-calls.ts';
import { serverPort, type World } from './world.ts';

const soon = (world: World) => world.clock.runFor(500);
const statuses = (phone: Phone, names: Parameters<Phone['peer']['responses']>[0]) =>
  phone.peer.responses(names).map(({ status }) => status);

/** Alice and Bob talk. */
async function talking(world: World, called: (phone: Phone) => PeerScript = answers(200)) {
  const bob = await phoneOf(world, 'bob', called);
  const alice = await world.phone('alice');
  const call = await new Call(world, alice, bobUri).begin();
  const accepted = await call.final();
  assert.equal(accepted.status, 200);
  call.within(accepted, 'ACK', 2);
  await soon(world);
  const [invite] = bob.peer.requests('INVITE');
  assert.ok(invite !== undefined);
  return { alice, bob, call, accepted, dialog: { invite, accepted } };
}

describe('a dialog through the proxy', () => {
  inWorld('has its ACK and the BYE of the caller by the recorded route, without credentials', {}, async (world) => {
    const { alice, bob, call, accepted } = await talking(world);
    const ack = only(bob.peer.requests('ACK'));
    assert.deepEqual([ack.uri, ack.headers.has('Route'), ack.headers.text('Max-Forwards')], [bob.contact.slice(1, -1), false, '69']);
    const bye = call.within(accepted, 'BYE', 3);
    await soon(world);
    assert.deepEqual(statuses(alice, bye), [200]);
    assert.equal(only(bob.peer.requests('BYE')).headers.has('Route'), false);
  });

  inWorld('has the BYE of the called side too, from a phone that has shown no password for it', {}, async (world) => {
    const { alice, bob, dialog } = await talking(world);
    const bye = fromCalledSide(bob, dialog, 'BYE', {
      headers: [...routesOf(dialog.invite), ['P-Asserted-Identity', '<sip:king@cpm.test>']],
    });
    await soon(world);
    assert.deepEqual(statuses(bob, bye), [200]);
    const received = only(alice.peer.requests('BYE'));
    assert.deepEqual([received.headers.has('P-Asserted-Identity'), received.uri], [false, alice.contact.slice(1, -1)]);
  });
});

describe('the way of a dialog through the proxy', () => {
  inWorld('reaches phones whose Contact leads nowhere, by the way that they have opened', {}, async (world) => {
    const hidden = '<sip:bob@192.168.7.7:5060>';
    const bob = await world.phone('bob');
    bob.peer.script = ({ request }) => dialogAnswer(200, { contact: hidden }, request);
    await bob.register({ contacts: [hidden] });
    const alice = await world.phone('alice');
    const call = await new Call(world, alice, bobUri, { contact: '<sip:alice@192.168.7.8:5060>' }).begin();
    const accepted = await call.final();
    call.within(accepted, 'ACK', 2);
    const [invite] = bob.peer.requests('INVITE');
    assert.ok(invite !== undefined);
    const info = call.within(accepted, 'INFO', 3);
    const bye = fromCalledSide(bob, { invite, accepted }, 'BYE');
    await soon(world);
    assert.deepEqual([statuses(alice, info), statuses(bob, bye)], [[200], [200]]);
    assert.deepEqual([bob.peer.requests('ACK').length, only(alice.peer.requests('BYE')).uri], [1, 'sip:alice@192.168.7.8:5060']);
  });

  inWorld('between TCP and UDP records a route for each side', {}, async (world) => {
    const bob = await phoneOf(world, 'bob', answers(200));
    const alice = await world.phone('alice');
    const over = await world.run(alice.peer.connect(serverPort));
    const call = await new Call(world, alice, bobUri, { over }).begin();
    const accepted = await call.final();
    const [invite] = bob.peer.requests('INVITE');
    assert.ok(invite !== undefined);
    const recorded = valuesOf(invite.headers, 'Record-Route').map((route) => route.replace(/sip:[^@]+@/, ''));
    assert.deepEqual(recorded, ['<10.0.0.1:5060;lr>', '<10.0.0.1:5060;transport=tcp;lr>']);
    call.within(accepted, 'ACK', 2);
    const bye = fromCalledSide(bob, { invite, accepted }, 'BYE');
    await soon(world);
    assert.deepEqual([bob.peer.requests('ACK').length, statuses(bob, bye)], [1, [200]]);
    assert.equal(only(alice.peer.received.filter(({ message }) => message?.kind === 'request')).flow, over);
    const info = call.within(accepted, 'INFO', 3);
    await soon(world);
    assert.deepEqual(statuses(alice, info), [200]);
  });

  inWorld('to a phone on TCP goes over its connection in both directions', {}, async (world) => {
    const bob = await world.phone('bob');
    const connection = await world.run(bob.peer.connect(serverPort));
    await bind(bob, answers(200), [], connection);
    const alice = await world.phone('alice');
    const call = await new Call(world, alice, bobUri, { body: 'v=0\r\n'.repeat(400) }).begin();
    const accepted = await call.final();
    call.within(accepted, 'ACK', 2);
    const bye = call.within(accepted, 'BYE', 3);
    await soon(world);
    assert.deepEqual(statuses(alice, bye), [200]);
    const ways = bob.peer.received.filter(({ message }) => message?.kind === 'request').map(({ flow }) => flow);
    assert.deepEqual(ways, [connection, connection, connection]);
  });
});

describe('a dialog on a bad day', () => {
  inWorld('brings the caller each copy of a 2xx until his ACK has passed', {}, async (world) => {
    const repeating: (phone: Phone) => PeerScript = (phone) => (occasion) => {
      const ok = dialogAnswer(200, phone, occasion.request);
      return occasion.copy > 1 ? silence : several(ok, late(500, ok), late(1500, ok));
    };
    const bob = await phoneOf(world, 'bob', repeating);
    const call = await new Call(world, await world.phone('alice'), bobUri).begin();
    const accepted = await call.final();
    call.send();
    await world.clock.runFor(2000);
    assert.deepEqual(
      call.statuses.filter((status) => status === 200),
      [200, 200, 200],
    );
    assert.equal(bob.peer.requests('INVITE').length, 1, 'the copy of the INVITE is absorbed');
    const ack = call.within(accepted, 'ACK', 2);
    call.within(accepted, 'ACK', 2, ack);
    await soon(world);
    assert.equal(bob.peer.requests('ACK').length, 2);
  });

  inWorld('outlives a restart of the server', {}, async (world) => {
    const { alice, bob, call, accepted, dialog } = await talking(world);
    world.server.crash();
    await world.run(world.server.start());
    const bye = call.within(accepted, 'BYE', 3);
    const info = fromCalledSide(bob, dialog, 'INFO');
    await soon(world);
    assert.deepEqual([statuses(alice, bye), statuses(bob, info)], [[200], [200]]);
  });
});

describe('a request that only claims to be in a dialog', () => {
  inWorld('is a new one when its proof is forged, of another call, or lacks a dialog: it needs credentials', {}, async (world) => {
    const { alice, bob, call, accepted } = await talking(world);
    const victim = await world.peer('victim');
    const [route = ''] = valuesOf(accepted.headers, 'Record-Route');
    const uri = `sip:${victim.address.host}`;
    const forgeries = {
      'another seal': { headers: [['Route', route.replace(/sip:./, (start) => (start === 'sip:0' ? 'sip:1' : 'sip:0'))]] },
      'another place': { headers: [['Route', route.replace(/_[^_@]*@/, '_u10.0.0.9!5060@')]] },
      'another call': { callId: 'another@call' },
      'another caller': { fromTag: 'another' },
      'no tag of the called side': { to: `<${bobUri}>` },
      'no proof': { headers: [] },
    } as const;
    const before = bob.peer.requests().length;
    for (const [what, change] of Object.entries(forgeries)) {
      const names = call.within(accepted, 'INFO', 4, { uri, ...change });
      await soon(world);
      assert.deepEqual(statuses(alice, names), [407], what);
      call.within(accepted, 'ACK', 4, { uri, ...change });
    }
    await soon(world);
    assert.deepEqual([victim.requests(), bob.peer.requests().length], [[], before]);
  });

  inWorld('never makes us answer an ACK', {}, async (world) => {
    const mallory = await world.phone('mallory');
    const ack = mallory.send({ method: 'ACK', uri: bobUri, from: `<${mallory.aor}>`, to: `<${bobUri}>;tag=x` });
    await soon(world);
    assert.deepEqual(mallory.peer.responses(ack), []);
  });
});

const routes = { 'other.test': 'sip:10.0.0.2' };

describe('a dialog with another domain', () => {
  inWorld('lets the requests of its far side in, which nobody here knows', { routes }, async (world) => {
    const other = await world.peer('other');
    const far = { contact: '<sip:carol@10.0.0.2:5060>' };
    other.script = ({ request }) => dialogAnswer(200, far, request);
    const alice = await world.phone('alice');
    const call = await new Call(world, alice, 'sip:carol@other.test').begin();
    const accepted = await call.final();
    call.within(accepted, 'ACK', 2);
    await soon(world);
    const [invite] = other.requests('INVITE');
    assert.ok(invite !== undefined);
    assert.equal(only(other.requests('ACK')).uri, 'sip:carol@10.0.0.2:5060');
    const bye = other.send(
      {
        method: 'BYE',
        uri: 'sip:alice@192.168.9.9',
        from: accepted.headers.text('To') ?? '',
        to: invite.headers.text('From') ?? '',
        callId: invite.headers.text('Call-ID') ?? '',
        headers: routesOf(invite),
      },
      serverPort,
    );
    const stranger = other.send(
      { method: 'INFO', uri: 'sip:alice@192.168.9.9', from: '<sip:x@other.test>', to: `<${alice.aor}>` },
      serverPort,
    );
    await soon(world);
    assert.deepEqual(
      [bye, stranger].map((names) => other.responses(names).map(({ status }) => status)),
      [[200], [407]],
    );
    assert.equal(alice.peer.requests('BYE').length, 1);
  });
});

function routesOf({ headers }: { readonly headers: Parameters<typeof valuesOf>[0] }): (readonly [string, string])[] {
  return valuesOf(headers, 'Record-Route').map((route) => ['Route', route] as const);
}
