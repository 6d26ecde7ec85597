import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { contactHeader, dateHeader, type SipResponse } from '@opencpm/sip';
import { aliceUri, bobUri } from './clients.ts';
import { inWorld } from './in-world.ts';
import type { Phone } from './phone.ts';
import { simulatedUser } from './simulated-server.ts';
import { domain, type World } from './world.ts';

const contact = '<sip:bob@10.9.0.1:5060>';

function expiries(response: SipResponse): readonly (number | undefined)[] {
  const decoded = response.headers.all(contactHeader);
  return decoded.kind === 'value' ? decoded.value.map((value) => (value === '*' ? undefined : value.expiresSeconds)) : [];
}

/** The answer to a REGISTER with that Contact and that Expires header, or with none. */
async function registered(world: World, value: string, expires?: string): Promise<SipResponse> {
  const bob = await world.phone('bob');
  const { headers = [], ...template } = bob.registerTemplate({ contacts: [value] });
  const kept = headers.filter(([name]) => name !== 'Expires');
  return bob.authenticated({ ...template, headers: expires === undefined ? kept : [...kept, ['Expires', expires]] }, {});
}

describe('how long a binding lives (RFC 3261 §10.2.1.1, §10.3 step 7, §20.19)', () => {
  for (const [what, value, expires, seconds] of [
    ['the Contact’s own parameter before the header', `${contact};expires=600`, '1200', 600],
    ['the header when the Contact says nothing', contact, '1200', 1200],
    ['what the server gives when nobody says', contact, undefined, 3600],
    ['an hour for a malformed header', contact, 'soon', 3600],
    ['an hour for a malformed parameter', `${contact};expires=-1`, '1200', 3600],
    ['the longest that the server gives for 2^32 and more', contact, '4294967296', 86_400],
    ['the same for digits without end', `${contact};expires=99999999999999999999`, undefined, 86_400],
  ] as const) {
    inWorld(`${what}: ${seconds} s`, {}, async (world) => {
      assert.deepEqual(expiries(await registered(world, value, expires)), [seconds]);
    });
  }

  inWorld('a malformed header does not make a star valid', {}, async (world) => {
    assert.equal((await registered(world, '*', 'never')).status, 400);
  });

  inWorld('one Contact that is too brief refuses all of them', {}, async (world) => {
    const bob = await world.phone('bob');
    const brief = await bob.register({ contacts: [contact, '<sip:bob@10.9.0.2:5060>;expires=1'] });
    assert.deepEqual([brief.status, brief.headers.text('Min-Expires')], [423, '60']);
    assert.deepEqual(expiries(await bob.register({ contacts: [] })), []);
  });
});

describe('what the 200 says (RFC 3261 §10.3 step 8)', () => {
  inWorld('q as it was given, the date, and which extensions there are', {}, async (world) => {
    const bob = await world.phone('bob');
    const response = await bob.register({ contacts: [`"Bob" ${contact};q=0.25;+sip.instance="<urn:uuid:1>";+x.y`, '<sip:bob@10.9.0.2>'] });
    assert.deepEqual(response.headers.texts('Contact'), [
      `${contact};+sip.instance="<urn:uuid:1>";+x.y;q=0.25;expires=3600`,
      '<sip:bob@10.9.0.2>;expires=3600',
    ]);
    assert.equal(response.headers.value(dateHeader), Math.floor(world.clock.now() / 1000) * 1000);
    assert.equal(response.headers.text('Supported'), 'path, gruu');
  });
});

describe('which Contact is taken', () => {
  for (const [what, value, status] of [
    ['a telephone number', '<tel:+15550002>', 403],
    ['a mail address', '<mailto:bob@cpm.test>', 403],
    ['a sips URI, whose hops would all have to be TLS (RFC 5630 §3.1)', '<sips:bob@10.9.0.1>', 403],
    ['an address of this server', '<sip:bob@10.0.0.1:5060>', 403],
    ['the address of record itself', `<${bobUri}>`, 403],
    ['a GRUU of the user (RFC 5627 §5.1)', `<${bobUri};gr=urn:uuid:1>`, 403],
    ['something that is no URI', '<sip:bob@>', 400],
    ['more octets than any client needs', `${contact};+x="${'x'.repeat(3000)}"`, 400],
    ['the domain at a port that is not ours', `<sip:bob@${domain}:5999>`, 200],
  ] as const) {
    inWorld(`${what}: ${status}`, {}, async (world) => {
      const response = await registered(world, value);
      assert.equal(response.status, status);
      const bob = await world.phone('bob');
      assert.equal(expiries(await bob.register({ contacts: [] })).length, status === 200 ? 1 : 0);
    });
  }

  inWorld('one that is not taken refuses all of them', {}, async (world) => {
    const bob = await world.phone('bob');
    assert.equal((await bob.register({ contacts: [contact, '<tel:+15550002>'] })).status, 403);
    assert.deepEqual(expiries(await bob.register({ contacts: [] })), []);
  });

  inWorld('URIs that compare equal are one binding (RFC 3261 §19.1.4)', {}, async (world) => {
    const bob = await world.phone('bob');
    await bob.register({ contacts: ['<sip:bob@Phone.Example;transport=udp>'] });
    const response = await bob.register({ contacts: ['<sip:%62ob@phone.example;transport=UDP>'] });
    assert.equal(expiries(response).length, 1);
    assert.equal(expiries(await bob.register({ contacts: ['<sip:bob@phone.example>'] })).length, 2, 'transport tells them apart');
  });

  inWorld('a device that comes with its instance later is the same client from then on', {}, async (world) => {
    const bob = await world.phone('bob');
    await bob.register({ contacts: [contact] });
    for (const host of ['10.9.0.1:5060', '10.9.0.2:5062']) {
      const response = await bob.register({ contacts: [`<sip:bob@${host}>;+sip.instance="<urn:uuid:1>"`] });
      assert.equal(expiries(response).length, 1);
    }
  });
});

describe('on whose behalf (RFC 3261 §10.2, §10.3 steps 3 to 5)', () => {
  const users = [simulatedUser('bob', bobUri, 'tel:+15550002'), simulatedUser('alice')];
  const asBob = (bob: Phone, from: string, to: string) =>
    bob.authenticated({ ...bob.registerTemplate({ contacts: [contact] }), from: `<${from}>`, to: `<${to}>` }, {});

  inWorld('for one own address in the name of another', { users }, async (world) => {
    assert.equal((await asBob(await world.phone('bob'), 'tel:+15550002', bobUri)).status, 200);
  });

  inWorld('for the own address in the name of somebody else: 403', { users }, async (world) => {
    const bob = await world.phone('bob');
    assert.equal((await asBob(bob, aliceUri, bobUri)).status, 403);
    assert.equal((await asBob(bob, bobUri, aliceUri)).status, 403);
    assert.deepEqual(expiries(await bob.register({ contacts: [] })), []);
  });

  inWorld('by the address of the server, for a client that knows nothing else', { users }, async (world) => {
    const own = 'sip:bob@10.0.0.1:5060';
    assert.equal((await asBob(await world.phone('bob'), own, own)).status, 200);
  });

  inWorld('an extension that nobody knows: 420; those that the registrar has may be required', { users }, async (world) => {
    const bob = await world.phone('bob');
    const requiring = (option: string) => bob.register({ contacts: [contact], headers: [['Require', option]] });
    const refused = await requiring('gruu, outbound');
    assert.deepEqual([refused.status, refused.headers.text('Unsupported')], [420, 'outbound']);
    assert.equal((await requiring('path, gruu')).status, 200);
  });
});
