import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, content, header, proof, report } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy } from '../framework/selector.ts';
import { messagingClient } from './clients.ts';
import { queueOf } from './operator.ts';

const sent = requestSentBy('alice', 'MESSAGE', { label: 'short-lived' });
const notice = requestAt('alice', 'MESSAGE', { content: '<failed' });

/** Alice's message may wait for one second; Bob comes later. */
export const expiry: Scenario = {
  name: 'a deferred message whose time is over',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    const headers = [{ name: 'Expires', value: '1' }];
    const notifications = 'positive-delivery, negative-delivery';
    await alice.request(pagerMessage({ from, to, text: 'soon stale', label: 'short-lived', messageId: 'stale-1', headers, notifications }));
    await world.expect(notice);
    world.report('operator', 'queue', await queueOf(world, 'bob', (rows) => rows.length === 0));
    world.phase('too late');
    await messagingClient(world, 'phone', 'bob');
    await alice.request(pagerMessage({ from, to, text: 'fresh', label: 'fresh' }));
    await world.expect(requestAt('phone', 'MESSAGE', { content: 'fresh' }));
  },
  tests: [
    {
      name: 'an expired message leaves the queue, reaches nobody, and its sender gets the negative notification he asked for',
      proofs: [
        proof(['B-8.3.1.6.1-10', 'B-8.3.1.6.8-12'], notice, arrives()),
        proof(['B-8.3.1.6.8-12'], notice, content.contains('stale-1')),
        proof(['B-8.3.1.6.8-12'], notice, header('Content-Type').contains('message/cpim')),
        proof(
          ['B-8.3.1.6.1-10', 'B-8.3.1.6.8-03'],
          reportBy('operator', 'queue'),
          report('length', { message: sent, part: { part: 'header', name: 'Expires' } }).equals('0'),
        ),
        proof(['B-8.3.1.6.8-03'], requestAt('phone', 'MESSAGE', { during: 'too late' }), arrives(1)),
      ],
    },
  ],
};
