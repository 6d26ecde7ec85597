import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, content, cpim, fact, header, proof, report, requestUri, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, responseAt } from '../framework/selector.ts';
import { messagingClient } from './clients.ts';
import { rule, storeOf } from './preferences.ts';

const before = requestAt('phone', 'MESSAGE', { during: 'start' });
const sent = requestSentBy('alice', 'MESSAGE', { label: 'to be stored' });
const answer = responseAt('alice', 'MESSAGE', { label: 'to be stored' });
const store = reportBy('operator', 'store');
const notification = requestAt('alice', 'MESSAGE', { content: '<delivered' });

/** Bob has his messages stored; Alice asks to be told of the delivery and of the display. */
export const storing: Scenario = {
  name: 'a recipient who has his messages stored',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await alice.request(pagerMessage({ from, to, text: 'before', label: 'before' }));
    await world.expect(before);
    world.phase('store');
    await rule(world, 'bob', { actions: ['store'], media: ['standalone'] });
    const asked = { messageId: 'stored-1', notifications: 'positive-delivery, negative-delivery, display' };
    await alice.request(pagerMessage({ from, to, text: 'for the store', label: 'to be stored', ...asked }));
    world.report('operator', 'store', await storeOf(world, 'bob'));
    await world.expect(notification);
    await alice.fence();
  },
  tests: [
    {
      name: 'a message is stored without its request for delivery notifications, which the function answers itself',
      proofs: [
        proof(
          ['B-8.3.1.1-09'],
          store,
          report('0.notifications', {
            message: sent,
            part: { part: 'cpim', name: 'imdn.Disposition-Notification' },
            instead: 'negative-delivery',
          }).equals('display'),
        ),
        proof(['B-8.3.1.1-10'], store, report('length', { message: sent }).equals('1')),
        proof(['B-8.3.1.1-10'], store, report('0.text', { message: sent, part: { part: 'content' } }).contains('for the store')),
        proof(['B-8.3.1.1-10'], requestAt('phone', 'MESSAGE', { during: 'store' }), staysAway(before)),
        proof(['B-8.3.1.1-11'], notification, arrives()),
        proof(['B-8.3.1.1-11'], notification, content.contains('stored-1')),
        proof(['B-8.3.1.1-12'], answer, status.equals('200')),
      ],
    },
  ],
};

const forwarded = requestAt('carol', 'MESSAGE', { content: 'for whom it reaches' });

/** Bob has his messages forwarded to Carol. */
export const forwarding: Scenario = {
  name: 'a recipient who has his messages forwarded',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    await messagingClient(world, 'phone', 'bob');
    const carol = await messagingClient(world, 'carol', 'carol');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    world.note('carol called', `<${world.account('carol').address}>`);
    await alice.request(pagerMessage({ from, to, text: 'before', label: 'before' }));
    await world.expect(before);
    world.phase('forward');
    await rule(world, 'bob', { actions: ['forward'], media: ['standalone'], forwardTo: world.account('carol').address });
    await alice.request(pagerMessage({ from, to, text: 'for whom it reaches', label: 'forwarded' }));
    await world.expect(forwarded);
    await carol.fence();
  },
  tests: [
    {
      name: 'a message goes to the address of the preferences instead of the recipient',
      proofs: [
        proof(['B-8.3.1.1-13'], forwarded, arrives()),
        proof(['B-8.3.1.1-13'], forwarded, requestUri.equals(fact('carol contact'))),
        proof(['B-8.3.1.1-13'], forwarded, header('P-Called-Party-ID').equals(fact('carol called'))),
        proof(['B-8.3.1.1-13'], forwarded, header('To').contains(fact('carol'))),
        proof(['B-8.3.1.1-13'], forwarded, cpim('To').contains(fact('carol'))),
        proof(['B-8.3.1.1-13'], responseAt('alice', 'MESSAGE', { label: 'forwarded' }), status.equals('200')),
        proof(['B-8.3.1.1-13'], requestAt('phone', 'MESSAGE', { during: 'forward' }), staysAway(before)),
      ],
    },
  ],
};
