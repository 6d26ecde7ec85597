import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { parseMsginfo } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import { answer } from '@opencpm/testkit';
import { bobsClient, bobUri } from './clients.ts';
import { inWorld, only } from './in-world.ts';
import { cpmMessage, type Phone, textOf } from './phone.ts';
import type { World } from './world.ts';

const brief = { policy: { maxExpirySeconds: 3600 }, webhook: 'http://push.test/notice' };

function isNotice({ headers }: SipRequest): boolean {
  return headers.text('Content-Type') === 'application/msginfo+xml';
}

/** What the webhook got: the event and the outcome of its message. */
function posted(world: World): readonly (readonly [string, string | undefined])[] {
  return world.server.posted.map(({ body }) => {
    const notice: { readonly event: string; readonly messages: readonly { readonly outcome?: string }[] } = JSON.parse(body);
    return [notice.event, only(notice.messages).outcome];
  });
}

/** One system message, about tea that was over after ten minutes. */
function assertNotice(phone: Phone): void {
  const { uri, headers, body } = only(phone.received().filter(isNotice));
  assert.equal(`<${uri}>`, phone.contact);
  assert.equal(headers.text('To'), `<${bobUri}>`);
  assert.equal(headers.text('P-Asserted-Identity'), '<sip:CPMDeferredMsgMgmt@cpm.test>');
  assert.deepEqual(headers.texts('Accept-Contact'), [
    '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.systemmsg"',
    '*;+g.oma.cpm.system-message',
  ]);
  assert.match(headers.text('User-Agent') ?? '', /^CPM-serv\/OMA2\.1/);
  const list = parseMsginfo(body);
  const message = list.kind === 'msginfo' ? only(list.messages) : assert.fail(list.text);
  assert.deepEqual([message.outcome, message.subject, message.from, message.to], ['discarded', 'tea', 'sip:alice@cpm.test', bobUri]);
  assert.equal(message.expiry - message.dateTime, 600_000);
}

describe('what the user hears of his message that expired (B-8.3.1.6.8-04 to -11)', () => {
  inWorld('each registered CPM Client gets a system message about it, once', brief, async (world) => {
    const alice = await world.phone('alice');
    const refuses = (request: SipRequest) => answer(isNotice(request) ? 200 : 486);
    const phones = [await bobsClient(world, ({ request }) => refuses(request)), await bobsClient(world, ({ request }) => refuses(request))];
    const plain = await bobsClient(world, () => answer(200), '');
    const headers = [
      ['Expires', '600'],
      ['Subject', 'tea'],
    ] as const;
    assert.equal((await alice.message(bobUri, cpmMessage('over soon', { headers }))).status, 202);
    await world.clock.runFor(700_000);
    for (const phone of phones) assertNotice(phone);
    assert.equal(plain.received().filter(isNotice).length, 0);
    assert.deepEqual(posted(world), []);
  });

  inWorld('without a registered client he is told out of band', brief, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('never read', { headers: [['Expires', '600']] }));
    await world.clock.runFor(700_000);
    assert.deepEqual(posted(world), [
      ['waiting', undefined],
      ['expired', 'discarded'],
    ]);
  });

  inWorld('nothing is said of a sender who hides', brief, async (world) => {
    const alice = await world.phone('alice');
    await alice.message(
      bobUri,
      cpmMessage('guess who', {
        headers: [
          ['Privacy', 'id'],
          ['Expires', '600'],
        ],
      }),
    );
    await world.clock.runFor(700_000);
    assert.equal(world.server.posted.length, 2);
    for (const { body } of world.server.posted) assert.doesNotMatch(body, /alice/);
  });

  inWorld(
    'nobody is told where the operator does not want it',
    { ...brief, policy: { maxExpirySeconds: 600, expiryNotices: 'none' } },
    async (world) => {
      const alice = await world.phone('alice');
      const bob = await bobsClient(world, () => answer(486));
      await alice.message(bobUri, cpmMessage('quiet'));
      await world.clock.runFor(700_000);
      assert.deepEqual([bob.received().filter(isNotice), posted(world)], [[], []]);
    },
  );
});

describe('what the user hears of a message that waits (B-8.3.1.6.2-02)', () => {
  inWorld('he is told out of band, once for messages that come close together', brief, async (world) => {
    const alice = await world.phone('alice');
    for (const text of ['one', 'two', 'three']) assert.equal((await alice.message(bobUri, cpmMessage(text))).status, 202);
    assert.deepEqual(posted(world), [['waiting', undefined]]);
    const { url, body } = only(world.server.posted);
    assert.equal(url, 'http://push.test/notice');
    assert.match(body, /"user":"bob","identities":\["sip:bob@cpm\.test"\]/);
  });

  inWorld('nobody is told of a message that a registered client did not take yet', brief, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobsClient(world, () => answer(486));
    assert.equal((await alice.message(bobUri, cpmMessage('later'))).status, 202);
    assert.deepEqual(bob.received().map(textOf), ['later']);
    assert.deepEqual(posted(world), []);
  });
});
