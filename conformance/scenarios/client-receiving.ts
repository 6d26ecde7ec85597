import { pagerMessage } from '../framework/pager-message.ts';
import { arrives, content, header, headerOf, mime, proof, report, requestUri, status } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, responseAt } from '../framework/selector.ts';
import { clientRelease } from './clients.ts';
import { alice, bob, deliveryFromBob, registeredSdk } from './sdk.ts';

const sent = requestSentBy('core', 'MESSAGE', { label: 'hello alice' });
const answer = responseAt('core', 'MESSAGE', { label: 'hello alice' });
const delivered = requestAt('core', 'MESSAGE', { content: '<delivered' });
const displayed = requestAt('core', 'MESSAGE', { content: '<displayed' });
const uid = { message: sent, part: { part: 'header', name: 'Message-UID' } } as const;

/** Bob's message arrives with a UID and asks for every notification; the user reads it. */
export const clientReceiving: Scenario = {
  name: 'a client receives',
  async run(world) {
    const core = await world.core();
    const { client, received } = await registeredSdk(world, core);
    const headers = [{ name: 'Message-UID', value: '912' }];
    const message = deliveryFromBob({
      text: 'hello alice',
      messageId: 'm1',
      contributionId: 'contribution-1',
      notifications: 'positive-delivery, display',
      headers,
    });
    await core.request(pagerMessage(message));
    await world.expect(delivered);
    world.phase('read');
    for (const one of received) await world.within(client.notifyDisplayed(one));
    world.phase('unasked');
    await core.request(pagerMessage(deliveryFromBob({ text: 'no answer please', messageId: 'm2' })));
    await world.within(client.send(bob, 'a fence'));
    await world.expect(requestAt('core', 'MESSAGE', { content: 'a fence' }));
  },
  tests: [
    {
      name: 'the client answers 200 with its release and the ids of the message, and shows it',
      proofs: [
        proof(['A-7.2.2.1-02'], answer, status.equals('200')),
        proof(['A-7.2.2.1-03'], answer, header('Server').matches(clientRelease)),
        proof(['A-7.2.2.1-04'], answer, header('P-Preferred-Identity').contains(`<${alice}>`)),
        proof(['A-7.2.2.1-05'], answer, header('Conversation-ID').equals(headerOf(sent, 'Conversation-ID'))),
        proof(['A-7.2.2.1-05'], answer, header('Contribution-ID').equals(headerOf(sent, 'Contribution-ID'))),
        proof(['A-7.2.2.1-05'], answer, header('InReplyTo-Contribution-ID').equals('an-earlier-contribution')),
        proof(['A-7.2.2.1-06'], answer, header('Via').contains('branch=z9hG4bK')),
        proof(['A-7.2.2.1-06'], answer, header('CSeq').equals(headerOf(sent, 'CSeq'))),
        proof(['A-7.2.2.1-06'], answer, header('To').matches(/;tag=[^;]+/)),
        proof(['A-7.2.2.1-07'], reportBy('SDK', 'm1'), report('text', { message: sent }).equals('hello alice')),
        proof(['A-7.2.2.1-07'], delivered, arrives()),
        proof(['A-7.2.2.1-08', 'A-7.2.2.3-05'], reportBy('SDK', 'm1'), report('messageUid', uid).equals('912')),
      ],
    },
    {
      name: 'delivery and display are notified when asked for, once, and not otherwise',
      proofs: [
        proof(['A-7.2.2.3-03'], delivered, arrives()),
        proof(['A-7.2.2.3-03'], delivered, content.contains('<message-id>m1</message-id>')),
        proof(['A-7.2.2.3-03'], delivered, mime('Content-Type').contains('message/imdn+xml')),
        proof(['A-7.2.2.3-03'], delivered, requestUri.equals(bob)),
        proof(['A-7.2.2.3-04'], displayed, arrives()),
        proof(['A-7.2.2.3-04'], displayed, content.contains('<message-id>m1</message-id>')),
        proof(['A-7.2.2.3-04'], displayed, mime('Content-Disposition').contains('notification')),
        proof(['A-7.2.1.1-16'], delivered, header('Contribution-ID').equals('contribution-1')),
        proof(['A-7.2.2.3-03', 'A-7.2.2.3-04'], requestAt('core', 'MESSAGE', { during: 'unasked' }), arrives(1)),
      ],
    },
  ],
};

/** A client without room answers 480. */
export const clientRejecting: Scenario = {
  name: 'a client has no room',
  async run(world) {
    const core = await world.core();
    await registeredSdk(world, core, {}, () => 'reject');
    await core.request(pagerMessage(deliveryFromBob({ text: 'too much', messageId: 'm5' })));
  },
  tests: [
    {
      name: 'a client without resources answers 480',
      proofs: [proof(['A-7.2.2.1-01'], responseAt('core', 'MESSAGE', { label: 'too much' }), status.equals('480'))],
    },
  ],
};
