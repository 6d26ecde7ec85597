import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Headers, type SipResponse } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { aliceUri, bobUri, bobsClient as client, clientOf, notifications } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import { cpmMessage, imdnMessage, msgTag } from './phone.ts';
import { domain } from './world.ts';

const instanceA = '<urn:uuid:00000000-0000-4000-8000-00000000000a>';
const instanceB = '<urn:uuid:00000000-0000-4000-8000-00000000000b>';

const statusOf = ({ status }: SipResponse) => status;

describe('anonymity (B-8.3.1.1-03, decision 34)', () => {
  const hiding = { headers: [['Privacy', 'id']] as const, notifications: ['positive-delivery'] };

  for (const where of ['there', 'away'] as const) {
    inWorld(`a recipient who is ${where} sees nothing of a sender who hides`, {}, async (world) => {
      const alice = await world.phone('alice');
      const before = where === 'there' ? await client(world) : undefined;
      const message = cpmMessage('guess who', hiding);
      const template = {
        ...message,
        headers: [...(message.headers ?? []), ['Contact', alice.contact], ['Reply-To', `<${aliceUri}>`]] as const,
      };
      assert.equal((await alice.message(bobUri, template)).status, where === 'there' ? 200 : 202);
      const bob = before ?? (await client(world));
      await world.clock.runFor(1000);
      const octets = new TextDecoder().decode(only(bob.peer.received.filter(({ message: got }) => got?.kind === 'request')).octets);
      assert.doesNotMatch(octets, /alice/i);
      assert.ok(!octets.includes(alice.peer.address.host));
      assert.match(octets, /^From: "Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/m);
      assert.match(octets, /^From: <sip:anonymous@anonymous\.invalid>\r$/m);
      assert.match(octets, /^Privacy: id\r$/m);
    });
  }

  inWorld('an anonymous From is asserted as the user’s first identity and goes no further', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const from = '"Anonymous" <sip:anonymous@anonymous.invalid>';
    const response = await alice.message(bobUri, { ...cpmMessage('x', { ...hiding, from: 'sip:anonymous@anonymous.invalid' }), from });
    assert.equal(response.status, 200);
    assert.equal(only(bob.received()).headers.has('P-Asserted-Identity'), false);
  });

  inWorld('where it is not allowed it is 403 with Warning 119', { policy: { anonymity: 'refuse' } }, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const response = await alice.message(bobUri, cpmMessage('x', hiding));
    assert.deepEqual([response.status, response.headers.text('Warning')], [403, `399 ${domain} "119 Anonymity not allowed"`]);
    assert.equal(bob.received().length, 0);
  });
});

describe('notifications (decision 46)', () => {
  inWorld('go to the device that they name while it is there, else to all', {}, async (world) => {
    const tags = (instance: string) => `;${msgTag};+sip.instance="${instance}"`;
    const one = await client(world, undefined, tags(instanceA));
    const other = await client(world, undefined, tags(instanceB));
    const alice = await world.phone('alice');
    const named = [['Accept-Contact', `*;+sip.instance="${instanceA}";require;explicit`]] as const;
    assert.equal((await alice.message(bobUri, imdnMessage('m1', { headers: named }))).status, 200);
    assert.deepEqual([notifications(one), notifications(other)], [['m1 delivered'], []]);
    await one.deregister();
    assert.equal((await alice.message(bobUri, imdnMessage('m2', { headers: named }))).status, 200);
    assert.deepEqual([notifications(one), notifications(other)], [['m1 delivered'], ['m2 delivered']]);
  });

  inWorld(
    'are deferred with 202 for who is away, whatever the policy, and pushed',
    { policy: { undelivered: 'reject' } },
    async (world) => {
      const alice = await world.phone('alice');
      assert.equal((await alice.message(bobUri, imdnMessage('m1'))).status, 202);
      const bob = await client(world);
      await world.clock.runFor(1000);
      assert.deepEqual(notifications(bob), ['m1 delivered']);
    },
  );

  inWorld('owe nothing when they expire', { policy: { maxExpirySeconds: 3600 } }, async (world) => {
    const alice = await clientOf(world, 'alice', `;${msgTag}`);
    const imdn = imdnMessage('m1');
    const asking = {
      ...imdn,
      body: imdn.body?.replace('DateTime:', 'imdn.Disposition-Notification: negative-delivery\r\nDateTime:') ?? '',
    };
    assert.equal((await alice.message(bobUri, asking)).status, 202);
    await world.clock.runFor(3_700_000);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
    assert.equal(alice.received().length, 0);
  });

  inWorld('wait for a client that can show them', {}, async (world) => {
    const linphone = await client(world, undefined, '');
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, imdnMessage('m1'))).status, 202);
    assert.equal(linphone.received().length, 0);
  });
});

describe('answers (A-7.2.2.1-05, wire facts 2.3, 3 and 4)', () => {
  for (const where of ['there', 'away', 'unknown'] as const) {
    inWorld(`have the identity headers of the request, Server and a tag when the recipient is ${where}`, {}, async (world) => {
      if (where === 'there') await client(world);
      const alice = await world.phone('alice');
      const uri = where === 'unknown' ? `sip:nobody@${domain}` : bobUri;
      const message = cpmMessage('x', { headers: [['InReplyTo-Contribution-ID', 'Earlier-One']] });
      const { headers } = await alice.message(uri, message);
      const names = ['Conversation-ID', 'Contribution-ID', 'InReplyTo-Contribution-ID'];
      assert.deepEqual(
        names.map((name) => headers.texts(name)),
        [['conversation-1'], ['contribution-m-x'], ['Earlier-One']],
      );
      assert.match(headers.text('Server') ?? '', /^CPM-serv\/OMA2\.1 OpenCPM\//);
      assert.match(headers.text('To') ?? '', /;tag=/);
    });
  }

  inWorld('do not pass on what a client put into its own', {}, async (world) => {
    const foreign = Headers.of(['Message-UID', '7'], ['Server', 'Foreign/1'], ['Contribution-ID', 'forged']);
    await client(world, () => answer(200, { headers: foreign }));
    const alice = await world.phone('alice');
    const { headers } = await alice.message(bobUri, cpmMessage('x'));
    assert.equal(headers.has('Message-UID'), false);
    assert.match(headers.text('Server') ?? '', /^CPM-serv/);
    assert.deepEqual(headers.texts('Contribution-ID'), ['contribution-m-x']);
  });

  inWorld('a Message-UID of the sender reaches nobody (wire facts 2.3)', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('x', { headers: [['Message-UID', '9']] }));
    assert.equal(only(bob.received()).headers.has('Message-UID'), false);
  });

  inWorld(
    'too old a release is 403 with Warning 132; a foreign User-Agent passes (B-8.3.1.1-02, decision 42)',
    { policy: { minRelease: { major: 2, minor: 0 } } },
    async (world) => {
      const bob = await client(world);
      const alice = await world.phone('alice');
      const from = (agent: string) => alice.message(bobUri, cpmMessage(agent, { headers: [['User-Agent', agent]] }));
      const refused = await from('CPM-client/OMA1.0 Old/1');
      assert.deepEqual([refused.status, refused.headers.text('Warning')], [403, `399 ${domain} "132 Version not supported"`]);
      assert.equal(statusOf(await from('CPM-client/OMA2.1 New/1')), 200);
      assert.equal(statusOf(await from('Linphone/5')), 200);
      assert.equal(bob.received().length, 2);
    },
  );

  inWorld('what is no CPIM although it says so is 400', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, { ...cpmMessage('x'), body: 'no header at all' })).status, 400);
    assert.equal(bob.received().length, 0);
  });
});
