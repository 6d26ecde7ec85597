import { pagerMessage } from '../framework/pager-message.ts';
import { proof, report } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestSentBy } from '../framework/selector.ts';
import { messagingClient } from './clients.ts';
import { queueOf } from './operator.ts';

const sentBy = (label: string) => requestSentBy('alice', 'MESSAGE', { label });
const queue = reportBy('operator', 'queue');
const aMinute = { part: { part: 'header', name: 'Expires' }, instead: '60' } as const;
const sevenDays = '604800';

/** Three messages for a user who is away, as `opencpm queue list` shows them. */
export const waiting: Scenario = {
  name: 'the queue of a user who is away',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    const expiries = [
      { label: 'an hour', headers: [{ name: 'Expires', value: '3600' }] },
      { label: 'a century', headers: [{ name: 'Expires', value: '3153600000' }] },
      { label: 'no limit', headers: [] },
    ];
    for (const { label, headers } of expiries) await alice.request(pagerMessage({ from, to, text: label, label, headers }));
    world.phase('list');
    world.report('operator', 'queue', await queueOf(world, 'bob'));
  },
  tests: [
    {
      name: 'each deferred message is in the queue under an address of its own, with an expiry time below the maximum',
      proofs: [
        proof(['B-8.3.1.6.1-05'], queue, report('2.messageUriId', { message: sentBy('no limit') }).matches(/^sip:[^@]+@[^@]+$/)),
        proof(['B-8.3.1.6.1-05'], queue, report('distinct', { message: sentBy('a century') }).equals('3')),
        proof(['B-8.3.1.6.1-06'], queue, report('length', { message: sentBy('no limit') }).equals('3')),
        proof(['B-8.3.1.6.1-07'], queue, report('2.expiresAt', { message: sentBy('no limit') }).present()),
        proof(
          ['B-8.3.1.6.1-08'],
          queue,
          report('0.seconds', { message: sentBy('an hour'), part: { part: 'header', name: 'Expires' } }).equals('3600'),
        ),
        proof(['B-8.3.1.6.1-08'], queue, report('1.seconds', { message: sentBy('a century'), ...aMinute }).equals(sevenDays)),
        proof(['B-8.3.1.6.1-08'], queue, report('2.seconds', { message: sentBy('no limit'), ...aMinute }).equals(sevenDays)),
      ],
    },
  ],
};
