import { pagerMessage } from '../framework/pager-message.ts';
import { acceptMessage } from '../framework/peer.ts';
import { arrives, content, contentOf, fact, header, headerOf, proof, requestUri, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, requestSentBy, responseAt } from '../framework/selector.ts';
import { answerWith, messagingClient, serverRelease, sessionClient } from './clients.ts';

const answer = (label: string) => responseAt('alice', 'MESSAGE', { label });

/** One client refuses, the other accepts; then both accept. */
export const firstAnswer: Scenario = {
  name: 'the first 2xx of several clients',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    await messagingClient(world, 'tablet', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    phone.answer = answerWith(480);
    await alice.request(pagerMessage({ from, to, text: 'one refuses', label: 'one refuses' }));
    phone.answer = acceptMessage;
    await alice.request(pagerMessage({ from, to, text: 'both accept', label: 'both accept' }));
    await world.expect(requestAt('tablet', 'MESSAGE', { content: 'both accept' }));
    await alice.fence();
  },
  tests: [
    {
      name: 'a 2xx of one client is the answer, whatever the others say',
      proofs: [
        proof(['B-8.3.1.1-24'], answer('one refuses'), status.equals('200')),
        proof(['B-8.3.1.1-24'], answer('one refuses'), header('Server').matches(serverRelease)),
        proof(
          ['B-8.3.1.1-24'],
          answer('one refuses'),
          header('Conversation-ID').equals(headerOf(requestSentBy('alice', 'MESSAGE', { label: 'one refuses' }), 'Conversation-ID')),
        ),
        proof(['B-8.3.1.1-24'], answer('both accept'), status.equals('200')),
        proof(['B-8.3.1.1-24'], answer('both accept'), arrives()),
      ],
    },
  ],
};

/** Bob has no client for messages, then one that will not take them: both messages are kept and pushed later. */
export const undeliveredDeferred: Scenario = {
  name: 'nobody takes the message, and the policy says defer',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const desk = await sessionClient(world, 'desk', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await desk.request(pagerMessage({ from: to, to: from, text: 'from my desk', label: 'desk' }));
    world.phase('unsuitable');
    await alice.request(pagerMessage({ from, to, text: 'nobody is there', label: 'nobody' }));
    const phone = await messagingClient(world, 'phone', 'bob');
    await world.expect(requestAt('phone', 'MESSAGE', { content: 'nobody is there' }));
    await phone.fence();
    world.phase('refused');
    phone.answer = answerWith(404);
    await alice.request(pagerMessage({ from, to, text: 'refused by all', label: 'refused' }));
    world.phase('back');
    phone.answer = acceptMessage;
    // A refresh does not bring what the same registration has refused for good.
    await phone.register(0);
    await phone.register();
    await world.expect(requestAt('phone', 'MESSAGE', { content: 'refused by all', service: 'deferred', during: 'back' }));
    await phone.fence();
  },
  tests: [
    {
      name: 'without a suitable client, or when none accepts, the message is deferred and the sender told so',
      proofs: [
        proof(['B-8.3.1.1-23'], answer('nobody'), status.equals('202')),
        proof(['B-8.3.1.1-23'], requestAt('phone', 'MESSAGE', { content: 'nobody is there', service: 'deferred' }), arrives()),
        proof(['B-8.3.1.1-25', 'B-8.3.1.1-26'], answer('refused'), status.equals('202')),
        proof(
          ['B-8.3.1.1-25', 'B-8.3.1.1-26'],
          requestAt('phone', 'MESSAGE', { content: 'refused by all', service: 'deferred', during: 'back' }),
          arrives(),
        ),
      ],
    },
  ],
};

/** The same refusal where the operator does not want undelivered messages kept. */
export const undeliveredRejected: Scenario = {
  name: 'nobody takes the message, and the policy says reject',
  server: { undelivered: 'reject' },
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    phone.answer = answerWith(404);
    await alice.request(pagerMessage({ from, to, text: 'refused by all', label: 'refused' }));
    phone.answer = acceptMessage;
    world.phase('back');
    await phone.register();
    await alice.request(pagerMessage({ from, to, text: 'another', label: 'another' }));
    await world.expect(requestAt('phone', 'MESSAGE', { content: 'another' }));
  },
  tests: [
    {
      name: 'the operator policy decides about undelivered messages',
      proofs: [
        proof(['B-8.3.1.1-25'], answer('refused'), status.equals('404')),
        proof(
          ['B-8.3.1.1-25'],
          requestAt('phone', 'MESSAGE', { content: 'refused by all', during: 'back' }),
          staysAway(requestAt('phone', 'MESSAGE', { content: 'refused by all', during: 'start' })),
        ),
      ],
    },
  ],
};

const atIsf = requestAt('isf', 'MESSAGE', { content: 'refused by all' });

/** The same refusal where the operator has undelivered messages interworked. */
export const undeliveredInterworked: Scenario = {
  name: 'nobody takes the message, and the policy says interwork',
  server: { undelivered: 'interwork' },
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    await world.isf('bob');
    const phone = await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    phone.answer = answerWith(404);
    await alice.request(pagerMessage({ from, to, text: 'refused by all', label: 'refused' }));
    await world.expect(atIsf);
    await alice.fence();
  },
  tests: [
    {
      name: 'by the operator policy an undelivered message goes straight to the ISF, whose answer the sender gets',
      proofs: [
        proof(['B-8.3.1.1-27'], requestAt('phone', 'MESSAGE'), arrives()),
        proof(['B-8.3.1.1-27'], atIsf, arrives()),
        proof(['B-8.3.1.1-27'], atIsf, requestUri.equals(fact('bob'))),
        proof(['B-8.3.1.1-27'], atIsf, header('Route').equals(fact('isf route'))),
        proof(['B-8.3.1.1-27'], atIsf, header('Via').matches(/^SIP\/2\.0\/UDP [^,]+$/)),
        proof(['B-8.3.1.1-27'], atIsf, content.equals(contentOf(requestSentBy('alice', 'MESSAGE', { label: 'refused' })))),
        proof(['B-8.3.1.1-25', 'B-8.3.1.1-27'], answer('refused'), status.equals('200')),
      ],
    },
  ],
};
