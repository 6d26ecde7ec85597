import { pagerMessage, serviceTag } from '../framework/pager-message.ts';
import { header, proof, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, responseAt } from '../framework/selector.ts';
import { trustedHost } from '../framework/server-process.ts';
import type { WireHeader } from '../framework/wire-message.ts';
import { messagingClient } from './clients.ts';
import { block, rule } from './preferences.ts';

const stranger = 'sip:carol@elsewhere.test';
const release: WireHeader = { name: 'User-Agent', value: 'CPM-client/OMA1.0 Veteran/1.0' };
const hidden: WireHeader = { name: 'Privacy', value: 'id' };
const answer = (label: string) => responseAt('elsewhere', 'MESSAGE', { label });
const inOrder = requestAt('phone', 'MESSAGE', { during: 'start' });

/** As release 1.0 writes it (decision 9: every spelling is understood, one is written). */
const bareTag = '+g.3gpp.icsi-ref="3gpp-service.ims.icsi.oma.cpm.msg"';

/** Everything is wrong with a message at first, and one thing less each time. */
export const orderOfChecks: Scenario = {
  name: 'the order in which the terminating function looks at a message',
  server: { anonymity: 'refuse', minRelease: '2.0' },
  async run(world) {
    const elsewhere = await world.peer('elsewhere', { host: trustedHost });
    await messagingClient(world, 'phone', 'bob');
    const to = world.account('bob').address;
    const send = (label: string, ...more: readonly WireHeader[]) => {
      const headers = [{ name: 'P-Asserted-Identity', value: `<${stranger}>` }, ...more];
      const message = { from: stranger, to, text: label, label, sipFrom: `<${stranger}>`, headers, tag: bareTag };
      return elsewhere.request(pagerMessage(message));
    };
    await send('nothing is wrong');
    await world.expect(inOrder);
    world.phase('refused');
    await rule(world, 'bob', { actions: ['do-not-disturb'] });
    const unblock = await block(world, 'bob', stranger);
    await send('release', release, hidden);
    await send('anonymity', hidden);
    await send('blacklist');
    await unblock();
    await send('rule');
  },
  tests: [
    {
      name: 'a message is looked at for its release, then for anonymity, then for the blacklist, then for rules',
      proofs: [
        proof(['B-8.3.1.1-01'], answer('nothing is wrong'), status.equals('200')),
        proof(['B-8.3.1.1-01', 'B-8.3.1.1-19'], inOrder, header('Accept-Contact').contains(serviceTag('msg'))),
        proof(['B-8.3.1.1-01', 'B-8.3.1.1-02'], answer('release'), header('Warning').contains('"132 Version not supported"')),
        proof(['B-8.3.1.1-01', 'B-8.3.1.1-03'], answer('anonymity'), header('Warning').contains('"119 Anonymity not allowed"')),
        proof(['B-8.3.1.1-01', 'B-8.3.1.1-05'], answer('blacklist'), header('Warning').contains('"122 Function not allowed"')),
        proof(['B-8.3.1.1-01', 'B-8.3.1.1-04'], answer('blacklist'), status.equals('403')),
        proof(['B-8.3.1.1-01'], answer('rule'), status.equals('202')),
        proof(['B-8.3.1.1-01'], requestAt('phone', 'MESSAGE', { during: 'refused' }), staysAway(inOrder)),
      ],
    },
  ],
};
