import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { contactHeader, type SipResponse } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag, type Phone, textOf } from './phone.ts';
import { simulatedUser } from './simulated-server.ts';
import type { World } from './world.ts';

const tablet = '<urn:uuid:00000000-0000-4000-8000-00000000000a>';
const phone = '<urn:gsma:imei:35469106-056673-0>';
const tabletGruu = `${bobUri};gr=urn:uuid:00000000-0000-4000-8000-00000000000a`;
const phoneGruu = `${bobUri};gr=urn:gsma:imei:35469106-056673-0`;

async function device(world: World, instance: string, ...headers: readonly (readonly [string, string])[]): Promise<Phone> {
  const bob = await world.phone('bob');
  const response = await bob.register({ contacts: [`${bob.contact};${msgTag};+sip.instance="${instance}"`], headers });
  assert.equal(response.status, 200);
  return bob;
}

const knowsGruus = ['Supported', 'gruu'] as const;

function gruusIn(response: SipResponse): readonly (string | true | undefined)[] {
  const contacts = response.headers.all(contactHeader);
  return contacts.kind === 'value' ? contacts.value.map((value) => (value === '*' ? undefined : value.parameters.get('pub-gruu'))) : [];
}

describe('what a registrar gives out (RFC 5627 §5)', () => {
  inWorld('the public GRUU of every instance, to a client that knows of GRUUs', {}, async (world) => {
    const bob = await device(world, tablet, knowsGruus);
    await device(world, phone);
    await bob.register({ contacts: ['<sip:bob@10.9.0.1>'] });
    assert.deepEqual(gruusIn(await bob.register({ contacts: [], headers: [knowsGruus] })), [tabletGruu, phoneGruu, undefined]);
    assert.deepEqual(gruusIn(await bob.register({ contacts: [] })), [undefined, undefined, undefined]);
  });

  inWorld('of the address that was registered, or of the user’s SIP address when that was a number', identities(), async (world) => {
    const bob = await world.phone('bob');
    const contacts = [`${bob.contact};+sip.instance="${tablet}"`];
    const by = async (aor: string) => gruusIn(await bob.register({ aor, contacts, headers: [knowsGruus] }));
    assert.deepEqual(await by('sip:robert@cpm.test'), [tabletGruu.replace('bob', 'robert')]);
    assert.deepEqual(await by('tel:+15550002'), [tabletGruu]);
  });
});

describe('a message to a public GRUU (RFC 5627 §6, decision 18)', () => {
  inWorld('goes to that device alone, under its Contact', {}, async (world) => {
    const alice = await world.phone('alice');
    const bobs = [await device(world, tablet, knowsGruus), await device(world, phone)];
    assert.equal((await alice.message(phoneGruu, cpmMessage('for the phone'))).status, 200);
    assert.deepEqual(
      bobs.map((bob) => bob.received().map(textOf)),
      [[], ['for the phone']],
    );
    const [, bob] = bobs;
    assert.ok(bob !== undefined);
    assert.equal(only(bob.received()).uri, bob.contact.slice(1, -1));
  });

  inWorld('is 480 while the device is not there, and 404 for what is no GRUU of anybody', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await device(world, tablet, knowsGruus);
    assert.equal((await alice.message(phoneGruu, cpmMessage('not there'))).status, 480);
    assert.equal((await alice.message(`${bobUri};gr`, cpmMessage('temporary'))).status, 404);
    assert.equal((await alice.message(`${bobUri};gr=n0ne`, cpmMessage('never given out'))).status, 404);
    assert.equal((await alice.message('sip:nobody@cpm.test;gr=urn:uuid:1', cpmMessage('nobody'))).status, 404);
    assert.equal(bob.received().length, 0);
    await bob.register({ contacts: ['*'], expiresSeconds: 0 });
    assert.equal((await alice.message(tabletGruu, cpmMessage('gone'))).status, 480);
  });

  inWorld('reaches the device after a restart of the server', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await device(world, tablet, knowsGruus);
    await device(world, phone);
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(tabletGruu, cpmMessage('still you'))).status, 200);
    assert.deepEqual(bob.received().map(textOf), ['still you']);
  });

  inWorld('a notification finds another device when that one is not there (decision 46)', {}, async (world) => {
    const alice = await world.phone('alice');
    const bob = await device(world, tablet);
    const other = await device(world, phone);
    assert.equal((await alice.message(tabletGruu, imdnMessage('m1'))).status, 200);
    assert.deepEqual([bob.received().length, other.received().length], [1, 0]);
    await bob.deregister();
    assert.equal((await alice.message(tabletGruu, imdnMessage('m2'))).status, 200);
    assert.deepEqual([bob.received().length, other.received().length], [1, 1]);
  });

  inWorld('the function names a device by its GRUU when it has one, else by its instance (B-8.3.1.1-20)', {}, async (world) => {
    const alice = await world.phone('alice');
    const named = await device(world, tablet, knowsGruus);
    const unnamed = await device(world, phone);
    named.peer.script = () => answer(200);
    const calledAt = (bob: Phone) => only(bob.received()).headers.text('P-Called-Party-ID');
    assert.equal((await alice.message(bobUri, cpmMessage('to both'))).status, 200);
    const instanceAskedOf = (bob: Phone) =>
      only(bob.received())
        .headers.texts('Accept-Contact')
        .some((value) => value.includes('+sip.instance'));
    assert.deepEqual([instanceAskedOf(named), instanceAskedOf(unnamed)], [false, true]);
    // RFC 7315 §4.2: the core tells the client what the Request-URI was.
    assert.deepEqual([calledAt(named), calledAt(unnamed)], [`<${tabletGruu}>`, `<${bobUri}>`]);
  });
});

function identities() {
  return { users: [simulatedUser('bob', bobUri, 'sip:robert@cpm.test', 'tel:+15550002')] };
}
