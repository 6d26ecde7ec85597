import { pagerMessage } from '../framework/pager-message.ts';
import { acceptMessage } from '../framework/peer.ts';
import { arrives, fact, header, proof, report, requestUri } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, responseSentBy } from '../framework/selector.ts';
import { textAtPath } from '../framework/text-at-path.ts';
import { answerWith, messagingClient } from './clients.ts';
import { queueOf } from './operator.ts';
import { rule, storeOf } from './preferences.ts';

const sent = requestSentBy('alice', 'MESSAGE', { label: 'later' });
const refused = requestAt('phone', 'MESSAGE', { during: 'refuses', service: 'deferred' });
const delivered = requestAt('phone', 'MESSAGE', { during: 'takes it', service: 'deferred' });
const accepted = { message: responseSentBy('phone', 'MESSAGE', { during: 'refuses' }), part: { part: 'status' }, instead: '200' } as const;

/** Bob records. A message waits for him; his client refuses it at first. */
export const recordedPush: Scenario = {
  name: 'a deferred message to a user who records',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    await phone.register(0);
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    world.note('bob called', `<${to}>`);
    await rule(world, 'bob', { actions: ['record'] });
    await alice.request(pagerMessage({ from, to, text: 'for later', label: 'later' }));
    world.phase('refuses');
    phone.answer = answerWith(480);
    await phone.register();
    await world.expect(refused);
    world.report('operator', 'store after the refusal', await storeOf(world, 'bob', (rows) => rows.length === 0));
    world.report('operator', 'queue after the refusal', await queueOf(world, 'bob', (rows) => rows.length === 1));
    world.phase('takes it');
    phone.answer = acceptMessage;
    await phone.register(0);
    await phone.register();
    await world.expect(delivered);
    await phone.fence();
    const store = await storeOf(world, 'bob');
    world.note('uid in the store', textAtPath(store, '0.uid') ?? '');
    world.report('operator', 'store at last', store);
  },
  tests: [
    {
      name: 'a push to a user who records is recorded, and carries the UID of the copy',
      proofs: [
        proof(['B-8.3.1.6.6-07'], reportBy('operator', 'store at last'), report('length', { message: sent }).equals('1')),
        proof(
          ['B-8.3.1.6.6-07'],
          reportBy('operator', 'store at last'),
          report('0.text', { message: sent, part: { part: 'content' } }).contains('for later'),
        ),
        proof(['B-8.3.1.6.6-08'], delivered, header('Message-UID').equals(fact('uid in the store'))),
      ],
    },
    {
      name: 'a push that fails leaves nothing in the store, and the message in the queue',
      proofs: [
        proof(['B-8.3.1.6.6-11'], refused, header('Message-UID').matches(/^\d+$/)),
        proof(['B-8.3.1.6.6-11'], reportBy('operator', 'store after the refusal'), report('length', accepted).equals('0')),
        proof(['B-8.3.1.6.6-11'], reportBy('operator', 'queue after the refusal'), report('length', accepted).equals('1')),
        proof(['B-8.3.1.6.6-11'], delivered, arrives()),
      ],
    },
    {
      name: 'a push is for the address of the recipient, and reaches the client that registered',
      proofs: [
        proof(['B-8.3.1.6.6-04'], delivered, header('P-Called-Party-ID').equals(fact('bob called'))),
        proof(['B-8.3.1.6.6-04'], delivered, header('To').contains(fact('bob'))),
        proof(['B-8.3.1.6.6-04'], delivered, requestUri.equals(fact('phone contact'))),
      ],
    },
  ],
};

const pushed = requestAt('phone', 'MESSAGE', { service: 'deferred' });

/** Bob has a rule that says how deferred messages are brought to him. */
export const pushRule: Scenario = {
  name: 'a user who has a rule that deferred messages are pushed',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await rule(world, 'bob', { actions: ['push'], media: ['deferred'] });
    await alice.request(pagerMessage({ from, to, text: 'for later', label: 'later' }));
    world.report('operator', 'queue', await queueOf(world, 'bob'));
    const phone = await messagingClient(world, 'phone', 'bob');
    await world.expect(pushed);
    await phone.fence();
  },
  tests: [
    {
      name: 'a rule for deferred messages that says push keeps them in the queue and pushes them',
      proofs: [
        proof(['B-8.3.1.6-02'], reportBy('operator', 'queue'), report('length', { message: sent }).equals('1')),
        proof(['B-8.3.1.6-02'], pushed, arrives()),
      ],
    },
  ],
};
