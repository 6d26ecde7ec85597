import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, fact, header, proof, requestUri, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, responseAt } from '../framework/selector.ts';
import { gruuClient, messagingClient } from './clients.ts';
import { deviceGets } from './preferences.ts';

const before = requestAt('tablet', 'MESSAGE', { during: 'start' });
const atPhone = requestAt('phone', 'MESSAGE', { during: 'profile' });
const pushed = requestAt('phone', 'MESSAGE', { during: 'phone is back', service: 'deferred' });

/** Bob's tablet gets messages at first, then none. */
export const profiles: Scenario = {
  name: 'a user who wants his messages on one device only',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    const tablet = await messagingClient(world, 'tablet', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    const write = (label: string) => alice.request(pagerMessage({ from, to, text: label, label }));
    await write('to both');
    await world.expect(before);
    world.phase('profile');
    await deviceGets(world, 'bob', 'tablet', 'nothing');
    await write('to one');
    await world.expect(atPhone);
    await phone.fence();
    await phone.register(0);
    world.phase('nobody is to have it');
    await write('to none');
    world.phase('tablet is back');
    await tablet.register(0);
    await tablet.register();
    await tablet.fence();
    world.phase('phone is back');
    await phone.register();
    await world.expect(pushed);
    await phone.fence();
  },
  tests: [
    {
      name: 'a message goes to those devices on which the user expects it',
      proofs: [
        proof(['B-8.3.1.1-17'], atPhone, arrives()),
        proof(['B-8.3.1.1-17'], requestAt('tablet', 'MESSAGE', { during: 'profile' }), staysAway(before)),
        proof(['B-8.3.1.1-17'], responseAt('alice', 'MESSAGE', { label: 'to none' }), status.equals('202')),
      ],
    },
    {
      name: 'a deferred message is not pushed to a device that is to get none, and waits for another',
      proofs: [
        proof(['B-8.3.1.6.2-05'], requestAt('tablet', 'MESSAGE', { during: 'tablet is back' }), staysAway(before)),
        proof(['B-8.3.1.6.2-05'], pushed, arrives()),
      ],
    },
  ],
};

const toAll = (at: string) => requestAt(at, 'MESSAGE', { during: 'start' });
const toOne = requestAt('phone', 'MESSAGE', { during: 'by GRUU' });

/** Both devices of Bob's know of GRUUs; Alice writes to him, then to the GRUU of one. */
export const gruus: Scenario = {
  name: 'devices that have public GRUUs',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const devices = [await gruuClient(world, 'phone', 'bob'), await gruuClient(world, 'tablet', 'bob')];
    for (const name of ['phone', 'tablet']) world.note(`${name} called`, `<${world.facts.get(`${name} gruu`)}>`);
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await alice.request(pagerMessage({ from, to, text: 'to all', label: 'to all' }));
    for (const name of ['phone', 'tablet']) await world.expect(toAll(name));
    for (const device of devices) await device.fence();
    world.phase('by GRUU');
    await alice.request(pagerMessage({ from, to: world.facts.get('phone gruu') ?? '', text: 'to one', label: 'to one' }));
    await world.expect(toOne);
    for (const device of devices) await device.fence();
  },
  tests: [
    {
      name: 'each client gets a request for the public GRUU that it got at its registration',
      proofs: [
        ...(['phone', 'tablet'] as const).flatMap((name) => [
          proof(['B-8.3.1.1-20'], responseAt(name, 'REGISTER', { status: 200 }), header('Contact').contains(fact(`${name} gruu`))),
          proof(['B-8.3.1.1-20'], toAll(name), header('P-Called-Party-ID').equals(fact(`${name} called`))),
          proof(['B-8.3.1.1-20'], toAll(name), requestUri.equals(fact(`${name} contact`))),
        ]),
        proof(['B-8.3.1.1-20'], toOne, arrives()),
        proof(['B-8.3.1.1-20'], requestAt('tablet', 'MESSAGE', { during: 'by GRUU' }), staysAway(toAll('tablet'))),
      ],
    },
  ],
};
