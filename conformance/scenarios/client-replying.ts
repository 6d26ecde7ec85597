import { pagerMessage } from '../framework/pager-message.ts';
import { header, headerOf, proof, requestUri } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, requestSentBy } from '../framework/selector.ts';
import { bob, deliveryFromBob, registeredSdk } from './sdk.ts';

const replied = requestAt('core', 'MESSAGE', { content: 'to the office' });
const repliedHome = requestAt('core', 'MESSAGE', { content: 'to yourself' });
const asked = requestSentBy('core', 'MESSAGE', { label: 'write to my office' });

/** Bob wants the answer elsewhere, then at his own address. */
export const clientReplying: Scenario = {
  name: 'a client replies',
  async run(world) {
    const core = await world.core();
    const { client, received } = await registeredSdk(world, core);
    const headers = [{ name: 'Reply-To', value: '<sip:bob-office@home.test>' }];
    await core.request(
      pagerMessage(deliveryFromBob({ text: 'write to my office', messageId: 'm6', contributionId: 'contribution-6', headers })),
    );
    await core.request(pagerMessage(deliveryFromBob({ text: 'write to me', messageId: 'm7' })));
    for (const one of received) await world.within(client.reply(one, one.text === 'write to me' ? 'to yourself' : 'to the office'));
  },
  tests: [
    {
      name: 'a reply goes to Reply-To, else to the authenticated originator, and names what it answers',
      proofs: [
        proof(['A-7.2.1.1-09', 'D-7.2.1.1-11'], replied, requestUri.equals('sip:bob-office@home.test')),
        proof(['A-7.2.1.1-09', 'D-7.2.1.1-11'], repliedHome, requestUri.equals(bob)),
        proof(['A-7.2.1.1-15', 'D-7.2.1.1-21'], replied, header('Conversation-ID').equals(headerOf(asked, 'Conversation-ID'))),
        proof(['A-7.2.1.1-17', 'D-7.2.1.1-23'], replied, header('InReplyTo-Contribution-ID').equals('contribution-6')),
      ],
    },
  ],
};
