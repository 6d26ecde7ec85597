/** Calls to a user with several phones: RFC 3261 §16.6 to §16.10 on the wire. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { late, type PeerScript, several, silence } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import type { Phone } from './phone.ts';
import { answers, Call, dialogAnswer, onlyRings, phoneOf, rings, valuesOf } from './proxy-calls.ts';
import type { World } from './world.ts';

const methods = (phone: Phone) => phone.peer.requests().map(({ method }) => method);

async function calling(world: World, uri = bobUri, options: ConstructorParameters<typeof Call>[3] = {}): Promise<Call> {
  return new Call(world, await world.phone('alice'), uri, options).begin();
}

/** What Alice heard once she was let in. */
const heard = (call: Call) => call.statuses.filter((status) => status !== 407 && status !== 100);

describe('a call to a user with several phones', () => {
  inWorld('rings at all of them; who answers has it, the others are cancelled', {}, async (world) => {
    const first = await phoneOf(world, 'bob', onlyRings);
    const second = await phoneOf(world, 'bob', rings(3000, 200));
    const call = await calling(world);
    assert.equal((await call.final()).status, 200);
    assert.deepEqual(heard(call), [180, 180, 200]);
    await world.clock.runFor(1000);
    assert.deepEqual(methods(first), ['INVITE', 'CANCEL', 'ACK']);
    assert.match(first.peer.requests('CANCEL')[0]?.headers.text('Reason') ?? '', /cause=200/);
    const invite = only(second.peer.requests());
    assert.equal(invite.uri, `sip:bob@${second.peer.address.host}:5060`);
    assert.deepEqual(
      ['Max-Forwards', 'Proxy-Authorization', 'P-Asserted-Identity'].map((name) => invite.headers.text(name)),
      ['69', undefined, '<sip:alice@cpm.test>'],
    );
    assert.equal(valuesOf(invite.headers, 'Via').length, 2);
  });

  inWorld('that are all busy comes to the best of their answers, and each gets its ACK', {}, async (world) => {
    const phones = [await phoneOf(world, 'bob', answers(500)), await phoneOf(world, 'bob', rings(2000, 486))];
    const call = await calling(world);
    assert.equal((await call.final()).status, 486);
    await world.clock.runFor(40_000);
    assert.deepEqual(phones.map(methods), [
      ['INVITE', 'ACK'],
      ['INVITE', 'ACK'],
    ]);
    assert.deepEqual(heard(call), [180, 486], 'its ACK keeps the answer from coming again');
  });

  inWorld('of which one declines for all of them ends everywhere', {}, async (world) => {
    const ringing = await phoneOf(world, 'bob', onlyRings);
    await phoneOf(world, 'bob', rings(1000, 603));
    const call = await calling(world);
    assert.equal((await call.final()).status, 603);
    assert.deepEqual(methods(ringing), ['INVITE', 'CANCEL', 'ACK']);
  });

  inWorld('goes to those with the highest q first, to the others when they have failed', {}, async (world) => {
    const wanted = await phoneOf(world, 'bob', rings(1000, 480), ['q=0.9']);
    const other = await phoneOf(world, 'bob', answers(200), ['q=0.2']);
    const call = await calling(world);
    assert.deepEqual([methods(wanted), methods(other)], [['INVITE'], []]);
    assert.equal((await call.final()).status, 200);
    assert.deepEqual(methods(wanted), ['INVITE', 'ACK']);
  });
});

describe('a call that does not go as it should', () => {
  inWorld('brings every 2xx to the caller, also that of a phone that was cancelled', {}, async (world) => {
    await phoneOf(world, 'bob', answers(200));
    const late2xx: (phone: Phone) => PeerScript = (phone) => (occasion) =>
      occasion.copy > 1
        ? silence
        : several(dialogAnswer(180, phone, occasion.request), late(400, dialogAnswer(200, phone, occasion.request)));
    const second = await phoneOf(world, 'bob', late2xx);
    const script = second.peer.script;
    second.peer.script = (occasion) => (occasion.request.method === 'CANCEL' ? silence : script(occasion));
    const call = await calling(world);
    await call.final();
    await world.clock.runFor(1000);
    const tags = call.responses.filter(({ status }) => status === 200).map(({ headers }) => headers.text('To'));
    assert.equal(new Set(tags).size, 2);
    assert.ok(second.peer.requests('CANCEL').length >= 1);
  });

  inWorld('rings no longer than Timer C: the phone is cancelled and the caller told', {}, async (world) => {
    const phone = await phoneOf(world, 'bob', onlyRings);
    const call = await calling(world);
    await world.clock.runFor(184_000);
    assert.deepEqual([methods(phone), heard(call)], [['INVITE'], [180]]);
    assert.equal((await call.final()).status, 487);
    assert.deepEqual(methods(phone), ['INVITE', 'CANCEL', 'ACK']);
  });

  inWorld('whose phone says nothing is 408 after Timer B, and 480 from then on', {}, async (world) => {
    const phone = await phoneOf(world, 'bob', () => () => silence);
    const call = await calling(world);
    await world.clock.runFor(1000);
    call.send();
    await world.clock.runFor(10);
    assert.deepEqual(
      call.statuses.filter((status) => status === 100),
      [100, 100],
      'once by itself, once for the copy',
    );
    assert.equal((await call.final(40_000)).status, 408);
    assert.equal(phone.peer.requests('INVITE').length, 7);
    assert.equal((await (await calling(world)).final()).status, 480);
  });
});

describe('a caller who has had enough', () => {
  inWorld('gets 200 to his CANCEL and 487 to his INVITE, and every phone is cancelled with his reason', {}, async (world) => {
    const phones = [await phoneOf(world, 'bob', onlyRings), await phoneOf(world, 'bob', onlyRings)];
    const alice = await world.phone('alice');
    const call = await new Call(world, alice, bobUri).begin();
    call.cancel([['Reason', 'SIP;cause=600;text="enough"']]);
    assert.equal((await call.final()).status, 487);
    const answer = alice.peer.responses(call.names).find(({ headers }) => headers.text('CSeq') === '2 CANCEL');
    assert.equal(answer?.status, 200);
    for (const phone of phones) {
      assert.deepEqual(methods(phone), ['INVITE', 'CANCEL', 'ACK']);
      assert.match(phone.peer.requests('CANCEL')[0]?.headers.text('Reason') ?? '', /enough/);
    }
  });

  inWorld('is in a call all the same when the answer crosses his CANCEL', {}, async (world) => {
    const phone = await phoneOf(world, 'bob', rings(60, 200));
    const script = phone.peer.script;
    phone.peer.script = (occasion) => (occasion.request.method === 'CANCEL' ? late(1, { kind: 'status', status: 481 }) : script(occasion));
    const call = await calling(world);
    call.cancel();
    assert.equal((await call.final()).status, 200);
  });

  inWorld('cannot cancel what nobody knows (481)', {}, async (world) => {
    const alice = await world.phone('alice');
    const names = alice.send({ method: 'CANCEL', uri: bobUri, from: `<${alice.aor}>`, to: `<${bobUri}>` });
    await world.clock.runFor(100);
    assert.deepEqual(
      alice.peer.responses(names).map(({ status }) => status),
      [481],
    );
  });
});

describe('other requests to a user', () => {
  const request = async (world: World, method: string) => {
    const alice = await world.phone('alice');
    return alice.authenticated({ method, uri: bobUri, from: `<${alice.aor}>`, to: `<${bobUri}>` }, { password: 'alice' });
  };

  inWorld('of any method come to his phones, and the first 2xx goes back', {}, async (world) => {
    const phones = [await phoneOf(world, 'bob', onlyRings), await phoneOf(world, 'bob', onlyRings)];
    for (const method of ['OPTIONS', 'SUBSCRIBE', 'INFO', 'NOSUCH']) assert.equal((await request(world, method)).status, 200);
    for (const phone of phones) assert.deepEqual(methods(phone), ['OPTIONS', 'SUBSCRIBE', 'INFO', 'NOSUCH']);
    const recorded = phones[0]?.peer.requests().map(({ headers }) => headers.has('Record-Route'));
    assert.deepEqual(recorded, [false, true, false, true], 'what may begin a dialog comes back this way');
  });

  inWorld('are never answered 408 (RFC 4320 §4.2)', {}, async (world) => {
    const silent = await phoneOf(world, 'bob', onlyRings);
    silent.peer.script = () => silence;
    await assert.rejects(request(world, 'OPTIONS'), /no answer/);
    assert.ok(silent.peer.requests('OPTIONS').length > 5);
    await world.clock.runFor(1000);
    assert.equal((await request(world, 'OPTIONS')).status, 480, 'he counts as away now');
  });
});
