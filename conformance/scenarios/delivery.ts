import { pagerMessage, serviceTag } from '../framework/pager-message.ts';
import { arrives, content, contentOf, fact, header, headerOf, proof, requestUri, status } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { requestAt, requestSentBy, responseAt } from '../framework/selector.ts';
import { messagingClient, serverRelease, sessionClient, stayMute } from './clients.ts';

const atPhone = requestAt('phone', 'MESSAGE', { content: 'hello bob', during: 'start' });
const atTablet = requestAt('tablet', 'MESSAGE', { content: 'hello bob', during: 'start' });
const sent = requestSentBy('alice', 'MESSAGE', { label: 'hello' });
const answer = responseAt('alice', 'MESSAGE', { label: 'hello' });

/**
 * Alice writes to Bob, who has a telephone and a tablet, and a third client that takes no messages.
 * The tablet is mute, and every datagram of Alice's is sent twice.
 */
export const delivery: Scenario = {
  name: 'a message to two clients of one user',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    const tablet = await messagingClient(world, 'tablet', 'bob');
    await sessionClient(world, 'desk', 'bob');
    tablet.answer = stayMute;
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    const headers = [
      { name: 'InReplyTo-Contribution-ID', value: 'an-earlier-contribution' },
      { name: 'Subject', value: 'Greetings' },
    ];
    await alice.request({ ...pagerMessage({ from, to, text: 'hello bob', label: 'hello', headers }), copies: 2 });
    await world.expect(atTablet);
    await world.expect(atPhone);
    await alice.fence();
    await phone.fence();
    await tablet.fence();
  },
  tests: [
    {
      name: 'the terminating function sends one MESSAGE to each suitable client and relays the first 2xx',
      proofs: [
        proof(['B-8.3.1.1-18'], atPhone, arrives()),
        proof(['B-8.3.1.1-18', 'B-8.3.1.1-22'], atTablet, arrives()),
        proof(['B-8.3.1.1-18'], atPhone, header('Content-Type').contains('message/cpim')),
        proof(['B-8.3.1.1-18'], atPhone, content.equals(contentOf(sent))),
        proof(['B-8.3.1.1-19'], atPhone, header('Accept-Contact').contains(serviceTag('msg'))),
        proof(['B-8.3.1.1-19'], atTablet, header('Accept-Contact').contains(serviceTag('msg'))),
        proof(['B-8.3.1.1-21'], atPhone, header('User-Agent').matches(serverRelease)),
        proof(['B-8.3.1.1-22'], atPhone, requestUri.equals(fact('phone contact'))),
        proof(['B-8.3.1.1-22'], atTablet, requestUri.equals(fact('tablet contact'))),
        proof(['B-8.3.1.1-24'], answer, status.equals('200')),
        proof(['B-8.3.1.1-24'], answer, header('Contribution-ID').equals(headerOf(sent, 'Contribution-ID'))),
      ],
    },
    {
      name: 'what crosses the SIP/IP core is formed as RFC 3261 asks',
      proofs: [
        proof(['E-6.2-01'], answer, header('Call-ID').equals(headerOf(sent, 'Call-ID'))),
        proof(['E-6.2-01'], answer, header('CSeq').matches(/^\d+ MESSAGE$/)),
        proof(['E-6.2-01'], answer, header('From').equals(headerOf(sent, 'From'))),
        proof(['E-6.2-01'], answer, header('To').matches(/;tag=[^;]+/)),
        proof(['E-6.2-01'], answer, arrives()),
        proof(['E-6.2-01'], atPhone, arrives()),
        proof(['E-6.2-01'], atPhone, header('Via').matches(/;branch=z9hG4bK/)),
        proof(['E-6.2-01'], atPhone, header('CSeq').matches(/^\d+ MESSAGE$/)),
        proof(['E-6.2-01'], atPhone, header('Max-Forwards').matches(/^\d+$/)),
        proof(['E-6.2-01'], atPhone, header('From').matches(/;tag=[^;]+/)),
        proof(['E-6.2-01'], responseAt('alice', 'REGISTER', { status: 401 }), header('WWW-Authenticate').contains('Digest ')),
      ],
    },
  ],
};
