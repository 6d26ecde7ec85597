import { pagerMessage } from '../framework/pager-message.ts';
import type { Peer } from '../framework/peer.ts';
import { header, proof, status, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, responseAt } from '../framework/selector.ts';
import { trustedHost } from '../framework/server-process.ts';
import type { WireHeader } from '../framework/wire-message.ts';
import { messagingClient } from './clients.ts';

const stranger = 'sip:carol@elsewhere.test';
const atPhone = requestAt('phone', 'MESSAGE', { during: 'start' });
const old = responseAt('elsewhere', 'MESSAGE', { label: 'old' });
const anonymous = responseAt('elsewhere', 'MESSAGE', { label: 'anonymous' });

/**
 * Messages of another domain's user come through a trusted peer, so that only the terminating function can refuse them:
 * first one that is in order, then one of an old release, then one without a name.
 */
export const admission: Scenario = {
  name: 'what the terminating function refuses',
  server: { anonymity: 'refuse', minRelease: '2.0' },
  async run(world) {
    const elsewhere = await world.peer('elsewhere', { host: trustedHost });
    await messagingClient(world, 'phone', 'bob');
    const to = world.account('bob').address;
    const send = (label: string, headers: readonly WireHeader[]) => sendFromElsewhere(elsewhere, to, label, headers);
    await send('in order', []);
    await world.expect(atPhone);
    world.phase('old');
    await send('old', [{ name: 'User-Agent', value: 'CPM-client/OMA1.0 Veteran/1.0' }]);
    world.phase('anonymous');
    await send('anonymous', [{ name: 'Privacy', value: 'id' }]);
    world.phase('afterwards');
    await send('in order again', []);
    await world.expect(requestAt('phone', 'MESSAGE', { during: 'afterwards' }));
  },
  tests: [
    {
      name: 'an old release and an anonymous sender are refused where the operator says so',
      proofs: [
        proof(['B-8.3.1.1-02'], old, status.equals('403')),
        proof(['B-8.3.1.1-02'], old, header('Warning').contains('"132 Version not supported"')),
        proof(['B-8.3.1.1-02'], requestAt('phone', 'MESSAGE', { during: 'old' }), staysAway(atPhone)),
        proof(['B-8.3.1.1-03'], anonymous, status.equals('403')),
        proof(['B-8.3.1.1-03'], anonymous, header('Warning').contains('"119 Anonymity not allowed"')),
        proof(['B-8.3.1.1-03'], requestAt('phone', 'MESSAGE', { during: 'anonymous' }), staysAway(atPhone)),
      ],
    },
  ],
};

async function sendFromElsewhere(elsewhere: Peer, to: string, label: string, headers: readonly WireHeader[]): Promise<void> {
  const asserted = { name: 'P-Asserted-Identity', value: `<${stranger}>` };
  const sipFrom = `<${stranger}>`;
  await elsewhere.request(pagerMessage({ from: stranger, to, text: label, label, sipFrom, headers: [asserted, ...headers] }));
}
