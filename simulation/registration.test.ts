import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { contactHeader, type SipResponse } from '@opencpm/sip';
import { answer, roughLink, silence } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { msgTag, textOf } from './phone.ts';
import { simulatedUser } from './simulated-server.ts';
import { domain, serverPort } from './world.ts';

/** Contact of a 200 as `user@host:port expires`. */
function contacts(response: SipResponse): readonly string[] {
  const decoded = response.headers.all(contactHeader);
  if (decoded.kind !== 'value') return [];
  return decoded.value.map((contact) => {
    assert.ok(contact !== '*' && contact.uri.kind === 'sip');
    return `${contact.uri.user}@${contact.uri.host}:${contact.uri.port} ${contact.expiresSeconds}`;
  });
}

describe('who may register (RFC 3261 §10.3, §22; RFC 8760)', () => {
  inWorld(
    'an unknown client is asked by 401 with a SHA-256 and an MD5 challenge of one nonce, and may then register',
    {},
    async (world) => {
      const bob = await world.phone('bob');
      const template = { method: 'REGISTER', uri: `sip:${domain}`, from: `<${bob.aor}>`, to: `<${bob.aor}>`, contact: bob.contact };
      const asked = await bob.exchange(template);
      assert.equal(asked.status, 401);
      const challenges = asked.headers.texts('WWW-Authenticate');
      assert.deepEqual(
        challenges.map((challenge) => /algorithm=([^,]+)/.exec(challenge)?.[1]),
        ['SHA-256', 'MD5'],
      );
      assert.equal(new Set(challenges.map((challenge) => /nonce="([^"]+)"/.exec(challenge)?.[1])).size, 1);
      assert.match(asked.headers.text('To') ?? '', /;tag=/);
      const credentials = bob.credentials(template, asked, {});
      assert.ok(credentials !== undefined);
      const registered = await bob.exchange({ ...template, sequence: 2, headers: [credentials] });
      assert.equal(registered.status, 200);
      assert.match(registered.headers.text('To') ?? '', /;tag=/);
    },
  );

  inWorld('a wrong password and an unknown user are asked again and again, in the same words', {}, async (world) => {
    const bob = await world.phone('bob');
    const mallory = await world.phone('mallory');
    const wrong = await bob.register({ password: 'guess' });
    const unknown = await mallory.register();
    for (const response of [wrong, unknown]) {
      assert.equal(response.status, 401);
      assert.deepEqual(
        response.headers.texts('WWW-Authenticate').map((challenge) => /stale=true/.test(challenge)),
        [false, false],
      );
    }
  });

  inWorld('nobody registers another user’s address (403), nor one that nobody has (404)', {}, async (world) => {
    const alice = await world.phone('alice');
    const foreign = await alice.register({ aor: bobUri });
    assert.equal(foreign.status, 403);
    assert.match(foreign.headers.text('To') ?? '', /;tag=/);
    assert.equal((await alice.register({ aor: `sip:nobody@${domain}` })).status, 404);
    assert.equal((await alice.register({ aor: 'sip:alice@other.test' })).status, 404);
    assert.equal((await alice.message(bobUri, { body: 'are you there' })).status, 202);
  });

  inWorld('a nonce may be used with a higher count, not with the same one', {}, async (world) => {
    const bob = await world.phone('bob');
    const template = { method: 'REGISTER', uri: `sip:${domain}`, from: `<${bob.aor}>`, to: `<${bob.aor}>`, contact: bob.contact };
    const asked = await bob.exchange(template);
    const statuses: number[] = [];
    for (const [sequence, count] of [
      [2, 1],
      [3, 2],
      [4, 2],
    ] as const) {
      const credentials = bob.credentials(template, asked, {}, count);
      assert.ok(credentials !== undefined);
      const response = await bob.exchange({ ...template, sequence, headers: [credentials] });
      statuses.push(response.status);
      if (response.status === 401) assert.match(response.headers.text('WWW-Authenticate') ?? '', /stale=true/);
    }
    assert.deepEqual(statuses, [200, 200, 401]);
  });
});

describe('what a REGISTER does (RFC 3261 §10.3)', () => {
  inWorld('the 200 lists every contact with what is left of its time, and the user’s identities', identities(), async (world) => {
    const bob = await world.phone('bob');
    await bob.register({ contacts: ['<sip:bob@10.9.0.1:5060>;expires=600'] });
    await world.clock.runFor(100_000);
    const response = await bob.register({
      contacts: ['<sip:bob@10.9.0.2:5062>', '<sip:bob@10.9.0.3:5063>;expires=120'],
      expiresSeconds: 300,
    });
    assert.equal(response.status, 200);
    assert.deepEqual(contacts(response), ['bob@10.9.0.1:5060 500', 'bob@10.9.0.2:5062 300', 'bob@10.9.0.3:5063 120']);
    assert.equal(response.headers.text('P-Associated-URI'), `<${bobUri}>, <tel:+15550002>`);
  });

  inWorld('a REGISTER without Contact asks only', {}, async (world) => {
    const bob = await world.registeredPhone('bob');
    assert.equal(contacts(await bob.register({ contacts: [] })).length, 1);
  });

  inWorld('expires=0 takes one contact away, the star all of them, and only with Expires: 0', {}, async (world) => {
    const bob = await world.phone('bob');
    await bob.register({ contacts: ['<sip:bob@10.9.0.1:5060>', '<sip:bob@10.9.0.2:5060>', '<sip:bob@10.9.0.3:5060>'] });
    assert.equal(contacts(await bob.register({ contacts: ['<sip:bob@10.9.0.1:5060>;expires=0'] })).length, 2);
    assert.equal((await bob.register({ contacts: ['*'], expiresSeconds: 600 })).status, 400);
    assert.equal((await bob.register({ contacts: ['*', '<sip:bob@10.9.0.2:5060>'], expiresSeconds: 0 })).status, 400);
    assert.equal(contacts(await bob.register({ contacts: [] })).length, 2);
    const gone = await bob.register({ contacts: ['*'], expiresSeconds: 0 });
    assert.deepEqual([gone.status, contacts(gone).length], [200, 0]);
  });

  inWorld('a contact named twice in one REGISTER is one binding, as the last one says', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const response = await bob.register({ contacts: [`${bob.contact};${msgTag}`, `${bob.contact};${msgTag};expires=120`] });
    assert.deepEqual(contacts(response), [`bob@${bob.peer.address.host}:5060 120`]);
    assert.equal((await alice.message(bobUri, { body: 'once' })).status, 200);
    assert.equal(bob.received().length, 1);
    const gone = await bob.register({ contacts: [bob.contact, `${bob.contact};expires=0`] });
    assert.deepEqual(contacts(gone), []);
  });
});

describe('which binding a REGISTER means', () => {
  inWorld('an instance keeps its binding when its contact changes (RFC 5626 §4.1)', {}, async (world) => {
    const bob = await world.phone('bob');
    const instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000b>"';
    await bob.register({ contacts: [`<sip:bob@10.9.0.1:5060>;${instance}`] });
    const response = await bob.register({ contacts: [`<sip:bob@10.9.0.2:5060>;${instance}`] });
    assert.deepEqual(contacts(response), ['bob@10.9.0.2:5060 3600']);
    const gone = await bob.register({ contacts: ['<sip:bob@10.9.0.2:5060>'], expiresSeconds: 0 });
    assert.deepEqual(contacts(gone), [], 'a Contact without instance is compared by URI');
  });

  inWorld('too short a time is answered 423 with Min-Expires, too long a one is cut', limits(), async (world) => {
    const bob = await world.phone('bob');
    const brief = await bob.register({ expiresSeconds: 59 });
    assert.deepEqual([brief.status, brief.headers.text('Min-Expires')], [423, '60']);
    assert.match(contacts(await bob.register({ expiresSeconds: 1_000_000 })).join(), / 7200$/);
  });

  inWorld('within one Call-ID only a higher CSeq changes a binding; all of a REGISTER or nothing of it', {}, async (world) => {
    const bob = await world.phone('bob');
    const contact = '<sip:bob@10.9.0.1:5060>';
    await bob.register({ contacts: [contact], callId: 'one', sequence: 10 });
    for (const sequence of [10, 3]) {
      const late = await bob.register({ contacts: ['<sip:bob@10.9.0.2:5060>', contact], callId: 'one', sequence, expiresSeconds: 600 });
      assert.equal(late.status, 500);
    }
    assert.equal((await bob.register({ contacts: ['*'], callId: 'one', sequence: 5, expiresSeconds: 0 })).status, 500);
    assert.deepEqual(contacts(await bob.register({ contacts: [] })), ['bob@10.9.0.1:5060 3600']);
    assert.equal((await bob.register({ contacts: [contact], callId: 'other', sequence: 1 })).status, 200);
  });

  inWorld('a user has at most bindingsPerUser clients (403); refreshing one of them is no new one', limits(), async (world) => {
    const bob = await world.phone('bob');
    const two = ['<sip:bob@10.9.0.1:5060>', '<sip:bob@10.9.0.2:5060>'];
    assert.equal((await bob.register({ contacts: two })).status, 200);
    assert.equal((await bob.register({ contacts: ['<sip:bob@10.9.0.3:5060>'] })).status, 403);
    assert.equal((await bob.register({ contacts: two })).status, 200);
  });

  inWorld('the database does not take it: 503 with Retry-After, and nothing has changed', { faultsExpected: true }, async (world) => {
    const bob = await world.registeredPhone('bob');
    world.mishaps.expect('INSERT INTO bindings', 'fails');
    const failed = await bob.register({ contacts: ['<sip:bob@10.9.0.2:5060>'] });
    assert.deepEqual([failed.status, failed.headers.text('Retry-After')], [503, '30']);
    assert.equal(contacts(await bob.register({ contacts: [] })).length, 1);
  });
});

describe('how a registered client is reached', () => {
  inWorld('over the flow that it registered on, whatever its Contact says', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', { contacts: [`<sip:bob@192.168.77.7:5099>;${msgTag}`] });
    assert.equal((await alice.message(bobUri, { body: 'behind NAT' })).status, 200);
    assert.equal(only(bob.received()).uri, 'sip:bob@192.168.77.7:5099');
  });

  inWorld('by its Path, which is kept, shown in the 200 and used as Route (RFC 3327)', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const paths = ['<sip:edge1.test;lr>', '<sip:edge2.test;lr>'];
    const response = await bob.register({
      headers: [
        ['Path', paths[0] ?? ''],
        ['Path', paths[1] ?? ''],
        ['Require', 'path'],
      ],
    });
    assert.deepEqual(response.headers.texts('Path'), paths);
    await alice.message(bobUri, { body: 'by the path' });
    assert.equal(only(bob.received()).headers.texts('Route').join(', '), paths.join(', '));
  });
});

describe('when a registered client is not reached', () => {
  inWorld('not once its time is over', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', { expiresSeconds: 60 });
    await world.clock.runFor(61_000);
    assert.equal((await alice.message(bobUri, { body: 'too late' })).status, 202);
    assert.equal(bob.received().length, 0);
    assert.deepEqual(await waitingRows(world), { deferred: 1, owed: 0 });
  });

  inWorld('on UDP at its source address also after a crash of the server', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', { contacts: [`<sip:bob@192.168.77.7:5099>;${msgTag}`] });
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, { body: 'still here' })).status, 200);
    assert.equal(textOf(only(bob.received())), 'still here');
  });

  inWorld('not on TCP after a crash, until it connects again', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await bob.register({ over: await world.run(bob.peer.connect(serverPort)) });
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, { body: 'gone' })).status, 202);
    await bob.register({ over: await world.run(bob.peer.connect(serverPort)) });
    await world.clock.runFor(1000);
    assert.equal(textOf(only(bob.received())), 'gone');
  });

  inWorld('a connection that ends makes its client unreachable at once', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const connection = await world.run(bob.peer.connect(serverPort));
    await bob.register({ over: connection });
    connection.close();
    await world.clock.runFor(100);
    assert.equal((await alice.message(bobUri, { body: 'for later' })).status, 202);
  });
});

describe('a client that was silent', () => {
  inWorld('a client that was silent counts again from its next request on, and gets what has waited', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', {}, () => silence);
    assert.equal((await alice.message(bobUri, { body: 'first' })).status, 202);
    await world.clock.runFor(40_000);
    const before = bob.received().length;
    assert.equal((await alice.message(bobUri, { body: 'second' })).status, 202);
    assert.equal(bob.received().length, before, 'an unreachable client is not tried');
    bob.peer.script = () => answer(200);
    assert.equal((await bob.message(`sip:alice@${domain}`, { body: 'I am back' })).status, 202);
    await world.clock.runFor(1000);
    assert.deepEqual(bob.received().slice(before).map(textOf), ['first', 'second']);
    assert.equal((await alice.message(bobUri, { body: 'third' })).status, 200);
    assert.deepEqual((await waitingRows(world)).deferred, 1);
  });

  inWorld('a silent request from before a new REGISTER does not make the new binding unreachable', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await world.registeredPhone('bob', {}, ({ turn }) => (turn === 1 ? silence : answer(200)));
    await alice.message(bobUri, { body: 'into the void' });
    await bob.register();
    await world.clock.runFor(60_000);
    assert.equal((await alice.message(bobUri, { body: 'directly' })).status, 200);
  });

  inWorld('registering works over a link that loses and doubles', { conditions: { ...roughLink, loss: 0.3 }, seed: 4 }, async (world) => {
    const bob = await world.registeredPhone('bob');
    assert.equal(contacts(await bob.register()).length, 1);
  });
});

function identities() {
  return { users: [simulatedUser('bob', bobUri, 'tel:+15550002')] };
}

function limits() {
  return { limits: { bindingsPerUser: 2, registrationMinSeconds: 60, registrationMaxSeconds: 7200 } };
}
