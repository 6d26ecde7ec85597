import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, fact, header, proof, requestUri, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, responseAt } from '../framework/selector.ts';
import type { World } from '../framework/world.ts';
import { messagingClient } from './clients.ts';
import { block, rule } from './preferences.ts';

const answer = (label: string) => responseAt('alice', 'MESSAGE', { label });
const atPhone = (during: string) => requestAt('phone', 'MESSAGE', { during });
const first = atPhone('start');

/** Alice writes to Bob with `label` as text. */
async function writer(world: World): Promise<(label: string) => Promise<unknown>> {
  const alice = await messagingClient(world, 'alice', 'alice');
  const [from, to] = [world.account('alice').address, world.account('bob').address];
  return (label) => alice.request(pagerMessage({ from, to, text: label, label }));
}

/** Bob blocks Alice, then everybody by a rule, then Carol by a rule, then nobody. */
export const refusing: Scenario = {
  name: 'a recipient who refuses messages',
  server: {},
  async run(world) {
    const write = await writer(world);
    const phone = await messagingClient(world, 'phone', 'bob');
    await write('before');
    await world.expect(first);
    world.phase('blocked');
    const unblock = await block(world, 'bob', world.account('alice').address);
    await write('blocked');
    await unblock();
    world.phase('rejected');
    const removed = await rule(world, 'bob', { actions: ['reject'], media: ['standalone'] });
    await write('rejected');
    await removed();
    await rule(world, 'bob', { actions: ['reject'], media: ['standalone'], from: [world.account('carol').address] });
    world.phase('not meant');
    await write('not meant');
    await world.expect(atPhone('not meant'));
    await phone.fence();
  },
  tests: [
    {
      name: 'a blocked contact gets 403 with Warning 122 and reaches nobody',
      proofs: [
        proof(['B-8.3.1.1-04'], answer('blocked'), status.equals('403')),
        proof(['B-8.3.1.1-04'], atPhone('blocked'), staysAway(first)),
        proof(['B-8.3.1.1-05'], answer('blocked'), header('Warning').contains('"122 Function not allowed"')),
      ],
    },
    {
      name: 'a rule for standalone messages that rejects them answers 403 with Warning 122, and only the messages that it is about',
      proofs: [
        proof(['B-8.3.1.1-06', 'B-8.3.1.1-07'], answer('rejected'), status.equals('403')),
        proof(['B-8.3.1.1-07'], answer('rejected'), header('Warning').contains('"122 Function not allowed"')),
        proof(['B-8.3.1.1-06', 'B-8.3.1.1-07'], atPhone('rejected'), staysAway(first)),
        proof(['B-8.3.1.1-06'], answer('not meant'), status.equals('200')),
        proof(['B-8.3.1.1-06'], atPhone('not meant'), arrives()),
      ],
    },
  ],
};

/** Bob wants his messages interworked, at first instead of delivered, then as well. */
export const interworking: Scenario = {
  name: 'a recipient who has his messages interworked',
  server: {},
  async run(world) {
    const write = await writer(world);
    await world.isf('bob');
    const phone = await messagingClient(world, 'phone', 'bob');
    await write('before');
    await world.expect(first);
    world.phase('interwork');
    const removed = await rule(world, 'bob', { actions: ['interwork'], media: ['standalone'] });
    await write('interworked');
    await removed();
    world.phase('both');
    await rule(world, 'bob', { actions: ['deliver-and-interwork'], media: ['standalone'] });
    await write('delivered too');
    await world.expect(atPhone('both'));
    await world.expect(requestAt('isf', 'MESSAGE', { during: 'both' }));
    await phone.fence();
  },
  tests: [
    {
      name: 'a message goes straight to the ISF, with the recipient as he was addressed and past the core',
      proofs: [
        proof(['B-8.3.1.1-08'], answer('interworked'), status.equals('200')),
        ...(['interwork', 'both'] as const).flatMap((during) => [
          proof(['B-8.3.1.1-08'], requestAt('isf', 'MESSAGE', { during }), arrives()),
          proof(['B-8.3.1.1-08'], requestAt('isf', 'MESSAGE', { during }), requestUri.equals(fact('bob'))),
          proof(['B-8.3.1.1-08'], requestAt('isf', 'MESSAGE', { during }), header('Via').matches(/^SIP\/2\.0\/UDP [^,]+$/)),
          proof(['B-8.3.1.1-08'], requestAt('isf', 'MESSAGE', { during }), header('Route').equals(fact('isf route'))),
        ]),
        proof(['B-8.3.1.1-08'], atPhone('interwork'), staysAway(first)),
        proof(['B-8.3.1.1-08'], atPhone('both'), arrives()),
      ],
    },
  ],
};

const pushed = requestAt('other', 'MESSAGE', { service: 'deferred' });

/** Bob has a client that is there; his rule says that messages wait for the next one. */
export const deferring: Scenario = {
  name: 'a recipient who has his messages deferred',
  server: {},
  async run(world) {
    const write = await writer(world);
    await messagingClient(world, 'phone', 'bob');
    await write('before');
    await world.expect(first);
    world.phase('defer');
    await rule(world, 'bob', { actions: ['defer'], media: ['standalone'] });
    await write('deferred');
    world.phase('registers');
    const other = await messagingClient(world, 'other', 'bob');
    await world.expect(pushed);
    await other.fence();
  },
  tests: [
    {
      name: 'a message is deferred by a rule although a client is there',
      proofs: [
        proof(['B-8.3.1.1-14'], answer('deferred'), status.equals('202')),
        proof(['B-8.3.1.1-14'], atPhone('defer'), staysAway(first)),
        proof(['B-8.3.1.1-14'], pushed, arrives()),
      ],
    },
  ],
};

const afterwards = requestAt('phone', 'MESSAGE', { during: 'undisturbed', service: 'deferred' });

/** Bob does not want to be disturbed, and has a rule of another kind; both end. */
export const notDisturbing: Scenario = {
  name: 'a recipient who does not want to be disturbed',
  server: {},
  async run(world) {
    const write = await writer(world);
    const phone = await messagingClient(world, 'phone', 'bob');
    await write('before');
    await world.expect(first);
    await messagingClient(world, 'carol', 'carol');
    world.phase('do not disturb');
    const noForwarding = await rule(world, 'bob', { actions: ['forward'], forwardTo: world.account('carol').address });
    const mayDisturb = await rule(world, 'bob', { actions: ['do-not-disturb'] });
    await write('kept');
    await phone.register();
    await phone.fence();
    world.phase('undisturbed');
    await noForwarding();
    await mayDisturb();
    await world.expect(afterwards);
    await phone.fence();
  },
  tests: [
    {
      name: 'a message that may not disturb is deferred, whatever else is to be done with it, and pushed when it may',
      proofs: [
        proof(['B-8.3.1.1-15'], answer('kept'), status.equals('202')),
        proof(['B-8.3.1.1-15', 'B-8.3.1.6.2-01'], atPhone('do not disturb'), staysAway(first)),
        proof(['B-8.3.1.1-15'], requestAt('carol', 'MESSAGE', { during: 'do not disturb' }), staysAway(first)),
        proof(['B-8.3.1.1-15', 'B-8.3.1.6.2-01'], afterwards, arrives()),
      ],
    },
  ],
};
