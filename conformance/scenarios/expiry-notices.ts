import { pagerMessage } from '../framework/pager-message.ts';
import { acceptMessage, type Peer } from '../framework/peer.ts';
import { arrives, body, content, fact, header, json, type Proof, proof, report } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, type WireSelector } from '../framework/selector.ts';
import type { Answer } from '../framework/sip-socket.ts';
import { headerText, type WireMessage } from '../framework/wire-message.ts';
import type { World } from '../framework/world.ts';
import { messagingClient, serverRelease } from './clients.ts';
import { rule, storeOf } from './preferences.ts';

const atPhone = requestAt('phone', 'MESSAGE', { service: 'systemmsg' });
const atTablet = requestAt('tablet', 'MESSAGE', { service: 'systemmsg' });
const outOfBand = requestAt('webhook of dave', 'POST', { content: '"event":"expired"' });

/** Alice's message to Bob and another to Dave may wait for a second. Bob's clients refuse it for now, Dave has none. */
function expiring(name: string, expired: 'discard' | 'store'): Omit<Scenario, 'tests'> {
  return {
    name,
    server: {},
    async run(world) {
      const alice = await messagingClient(world, 'alice', 'alice');
      const devices = [await messagingClient(world, 'phone', 'bob'), await messagingClient(world, 'tablet', 'bob')];
      for (const device of devices) device.answer = acceptNotices;
      world.note('bob called', `<${world.account('bob').address}>`);
      world.webhook('dave');
      for (const user of ['bob', 'dave']) await rule(world, user, { actions: [], expired });
      for (const user of ['bob', 'dave']) await writeBriefly(world, alice, user);
      for (const notice of [atPhone, atTablet, outOfBand]) await world.expect(notice);
      for (const device of devices) await device.fence();
      await world.expect(requestAt('alice', 'MESSAGE', { content: 'brief-bob' }));
      await alice.fence();
      world.report('operator', 'store', await storeOf(world, 'bob'));
    },
  };
}

function acceptNotices(request: WireMessage): Answer {
  return headerText(request, 'Content-Type') === 'application/msginfo+xml' ? acceptMessage(request) : { status: 486 };
}

async function writeBriefly(world: World, alice: Peer, user: string): Promise<void> {
  const [from, to] = [world.account('alice').address, world.account(user).address];
  const headers = [
    { name: 'Expires', value: '1' },
    { name: 'Subject', value: 'Tea at five' },
  ];
  const asked = { messageId: `brief-${user}`, notifications: 'positive-delivery, negative-delivery' };
  await alice.request(pagerMessage({ from, to, text: 'not for long', label: `to ${user}`, headers, ...asked }));
}

const sent = requestSentBy('alice', 'MESSAGE', { label: 'to bob' });
const store = reportBy('operator', 'store');

interface NoticeIds {
  readonly to: string;
  readonly tag: string;
  readonly uri: string;
  readonly originator: string;
  readonly release: string;
  readonly told: string;
}

/** What the ids say of a notice, of each of both. */
function noticeProofs(ids: NoticeIds, outcome: string): readonly Proof[] {
  return [atPhone, atTablet].flatMap((notice: WireSelector) => [
    proof([ids.to], notice, arrives()),
    proof([ids.to], notice, header('CSeq').matches(/^\d+ MESSAGE$/)),
    proof([ids.tag], notice, header('Accept-Contact').contains('+g.oma.cpm.system-message')),
    proof([ids.uri], notice, header('P-Called-Party-ID').equals(fact('bob called'))),
    proof([ids.uri], notice, header('To').contains(fact('bob'))),
    proof([ids.originator], notice, header('P-Asserted-Identity').equals('<sip:CPMDeferredMsgMgmt@cpm.test>')),
    proof([ids.release], notice, header('User-Agent').matches(serverRelease)),
    proof([ids.told], notice, header('Content-Type').equals('application/msginfo+xml')),
    proof([ids.told], notice, body.contains(`outcome="${outcome}"`)),
    proof([ids.told], notice, body.contains(fact('alice'))),
    proof([ids.told], notice, body.contains('Tea at five')),
  ]);
}

export const discarded: Scenario = {
  ...expiring('users who have expired messages discarded', 'discard'),
  tests: [
    {
      name: 'each registered client is told by a system message that an expired message was discarded',
      proofs: noticeProofs(
        {
          to: 'B-8.3.1.6.8-05',
          tag: 'B-8.3.1.6.8-06',
          uri: 'B-8.3.1.6.8-07',
          originator: 'B-8.3.1.6.8-08',
          release: 'B-8.3.1.6.8-09',
          told: 'B-8.3.1.6.8-10',
        },
        'discarded',
      ),
    },
    {
      name: 'what is to be discarded at its expiry is not stored, and who has no client is told out of band',
      proofs: [
        proof(['B-8.3.1.6.8-01', 'B-8.3.1.6.8-02', 'B-8.3.1.6.8-04'], atPhone, body.contains('outcome="discarded"')),
        proof(['B-8.3.1.6.8-04', 'B-8.3.1.6.8-11'], outOfBand, arrives()),
        proof(['B-8.3.1.6.8-02', 'B-8.3.1.6.8-11'], outOfBand, json('messages.0.outcome').equals('discarded')),
        proof(['B-8.3.1.6.8-11'], outOfBand, json('messages.0.authenticatedOriginator').equals(fact('alice'))),
        proof(['B-8.3.1.6.8-11'], outOfBand, json('messages.0.subject').equals('Tea at five')),
      ],
    },
  ],
};

const delivered = requestAt('alice', 'MESSAGE', { content: 'brief-bob' });

export const stored: Scenario = {
  ...expiring('users who have expired messages stored', 'store'),
  tests: [
    {
      name: 'each registered client is told by a system message that an expired message was stored',
      proofs: noticeProofs(
        {
          to: 'B-8.3.1.6.8-15',
          tag: 'B-8.3.1.6.8-16',
          uri: 'B-8.3.1.6.8-17',
          originator: 'B-8.3.1.6.8-18',
          release: 'B-8.3.1.6.8-19',
          told: 'B-8.3.1.6.8-20',
        },
        'stored',
      ),
    },
    {
      name: 'what is to be stored at its expiry is in the message store, its sender is told that it is delivered',
      proofs: [
        proof(['B-8.3.1.6.8-01', 'B-8.3.1.6.8-02', 'B-8.3.1.6.8-13'], store, report('length', { message: sent }).equals('1')),
        proof(['B-8.3.1.6.8-13'], store, report('0.text', { message: sent, part: { part: 'content' } }).contains('not for long')),
        proof(['B-8.3.1.6.8-01', 'B-8.3.1.6.8-02', 'B-8.3.1.6.8-14'], atPhone, body.contains('outcome="stored"')),
        proof(['B-8.3.1.6.8-22'], delivered, arrives()),
        proof(['B-8.3.1.6.8-22'], delivered, content.contains('<delivered')),
        proof(['B-8.3.1.6.8-14', 'B-8.3.1.6.8-21'], outOfBand, arrives()),
        proof(['B-8.3.1.6.8-02', 'B-8.3.1.6.8-21'], outOfBand, json('messages.0.outcome').equals('stored')),
      ],
    },
  ],
};
