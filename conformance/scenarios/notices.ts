import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, fact, json, proof, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, responseAt } from '../framework/selector.ts';
import { messagingClient } from './clients.ts';
import { rule } from './preferences.ts';

const told = requestAt('webhook of bob', 'POST', { during: 'start' });
const before = requestAt('phone', 'MESSAGE', { during: 'start' });
const pushed = requestAt('phone', 'MESSAGE', { during: 'may disturb', service: 'deferred' });

/** Nobody of Bob, Dave and Erin has a client when Alice writes; Dave does not want to be disturbed. */
export const waitingNotice: Scenario = {
  name: 'what a user who is away hears of a waiting message',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'dave');
    const write = (name: string, text: string) => {
      const [from, to] = [world.account('alice').address, world.account(name).address];
      return alice.request(pagerMessage({ from, to, text, label: text }));
    };
    await write('dave', 'while he is there');
    await world.expect(before);
    await phone.register(0);
    for (const name of ['bob', 'dave', 'erin']) world.webhook(name);
    world.note('bob name', world.account('bob').user);
    await write('bob', 'for bob');
    await world.expect(told);
    world.phase('do not disturb');
    const mayDisturb = await rule(world, 'dave', { actions: ['do-not-disturb'] });
    await write('dave', 'for dave');
    await phone.register();
    await phone.fence();
    // Behind what dave would have been told.
    await write('erin', 'for erin');
    await world.expect(requestAt('webhook of erin', 'POST'));
    world.phase('may disturb');
    await mayDisturb();
    await world.expect(pushed);
    await phone.fence();
  },
  tests: [
    {
      name: 'a user without clients is told out of band that a message waits',
      proofs: [
        proof(['B-8.3.1.6.2-02'], told, arrives()),
        proof(['B-8.3.1.6.2-02'], told, json('event').equals('waiting')),
        proof(['B-8.3.1.6.2-02'], told, json('user').equals(fact('bob name'))),
        proof(['B-8.3.1.6.2-02'], told, json('messages.0.authenticatedOriginator').equals(fact('alice'))),
      ],
    },
    {
      name: 'while a user does not want to be disturbed he is told nothing, and his message waits for the end of that',
      proofs: [
        proof(['B-8.3.1.6.2-01'], responseAt('alice', 'MESSAGE', { label: 'for dave' }), status.equals('202')),
        proof(['B-8.3.1.6.2-01', 'B-8.3.1.6.2-03'], requestAt('webhook of dave', 'POST', { during: 'do not disturb' }), staysAway(told)),
        proof(['B-8.3.1.6.2-01', 'B-8.3.1.6.2-03'], requestAt('phone', 'MESSAGE', { during: 'do not disturb' }), staysAway(before)),
        proof(['B-8.3.1.6.2-03'], pushed, arrives()),
      ],
    },
  ],
};
