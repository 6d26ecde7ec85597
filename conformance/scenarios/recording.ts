import { pagerMessage } from '../framework/pager-message.ts';
import { header, type Property, proof, report, status } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, responseAt, responseSentBy } from '../framework/selector.ts';
import { answerWith, messagingClient } from './clients.ts';
import { rule, storeOf } from './preferences.ts';

const sent = requestSentBy('alice', 'MESSAGE', { label: 'recorded' });
const delivered = requestAt('phone', 'MESSAGE', { content: 'worth keeping' });
const store = reportBy('operator', 'store of bob');

/** The stored object has this line, which stands in the request of Alice's that is spoiled. */
function keeps(line: string, name: string): Property {
  return report('0.text', { message: sent, part: { part: 'header', name }, instead: 'spoiled' }).contains(line);
}

/** First nobody records, then Bob does, then Alice as well. */
export const recording: Scenario = {
  name: 'users who record their messages',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await alice.request(pagerMessage({ from, to, text: 'not recorded', label: 'not recorded' }));
    await rule(world, 'bob', { actions: ['record'] });
    const headers = [
      { name: 'Subject', value: 'Minutes' },
      { name: 'InReplyTo-Contribution-ID', value: 'the-contribution-before' },
    ];
    const one = { contributionId: 'the-contribution', messageId: 'kept-1', headers };
    await alice.request(pagerMessage({ from, to, text: 'worth keeping', label: 'recorded', ...one }));
    await world.expect(delivered);
    world.report('operator', 'store of bob', await storeOf(world, 'bob'));
    await rule(world, 'alice', { actions: ['record'] });
    await alice.request(pagerMessage({ from, to, text: 'my own copy', label: 'recorded here' }));
    world.report('operator', 'store of alice', await storeOf(world, 'alice'));
  },
  tests: [
    {
      name: 'a message is recorded when the setting of the recipient says so, and only then',
      proofs: [
        proof(['B-8.3.1.1-16'], requestAt('phone', 'MESSAGE', { content: 'not recorded' }), header('Message-UID').absent('1')),
        proof(['B-8.3.1.1-16', 'A-8.5.1-02'], delivered, header('Message-UID').equals('1')),
        proof(['B-8.3.1.1-16', 'A-8.5.1-02'], store, report('0.uid', { message: sent }).equals('1')),
        proof(['B-8.3.1.1-16'], store, report('length', { message: sent }).equals('1')),
        proof(['A-8.5.1-02'], responseAt('alice', 'MESSAGE', { label: 'recorded here' }), header('Message-UID').equals('1')),
      ],
    },
    {
      name: 'what is recorded is the complete message with its headers',
      proofs: [
        proof(['A-8.5.1-01'], store, keeps('Subject: Minutes', 'Subject')),
        proof(['A-8.5.1-01'], store, keeps('Contribution-ID: the-contribution\r\n', 'Contribution-ID')),
        proof(['A-8.5.1-01'], store, keeps('InReplyTo-Contribution-ID: the-contribution-before', 'InReplyTo-Contribution-ID')),
        proof(
          ['A-8.5.1-01'],
          store,
          report('0.text', { message: sent, part: { part: 'cpim', name: 'imdn.Message-ID' }, instead: 'x' }).contains('Message-ID: kept-1'),
        ),
        proof(['A-8.5.1-01'], store, report('0.text', { message: sent, part: { part: 'content' } }).contains('\r\n\r\nworth keeping')),
      ],
    },
  ],
};

const refusal = responseSentBy('phone', 'MESSAGE', { status: 404 });
const taken = { message: refusal, part: { part: 'status' }, instead: '200' } as const;

/** Bob records, but nobody takes the message and the operator keeps none. */
export const recordedInVain: Scenario = {
  name: 'a recorded message that nobody takes',
  server: { undelivered: 'reject' },
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await rule(world, 'bob', { actions: ['record'] });
    phone.answer = answerWith(404);
    await alice.request(pagerMessage({ from, to, text: 'in vain', label: 'in vain' }));
    world.report('operator', 'store', await storeOf(world, 'bob'));
  },
  tests: [
    {
      name: 'a recorded message that could not be delivered is taken out of the store',
      proofs: [
        proof(['B-8.3.1.1-28'], requestAt('phone', 'MESSAGE', { content: 'in vain' }), header('Message-UID').equals('1')),
        proof(['B-8.3.1.1-28'], responseAt('alice', 'MESSAGE', { label: 'in vain' }), status.equals('404')),
        proof(['B-8.3.1.1-28'], reportBy('operator', 'store'), report('length', taken).equals('0')),
      ],
    },
  ],
};
