import { pagerMessage, serviceTag } from '../framework/pager-message.ts';
import {
  arrives,
  content,
  contentOf,
  cpim,
  cpimOf,
  fact,
  header,
  headerOf,
  proof,
  report,
  requestUri,
  status,
  staysAway,
} from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestAt, requestSentBy, responseAt, responseSentBy } from '../framework/selector.ts';
import { trustedHost } from '../framework/server-process.ts';
import { messagingClient, serverRelease } from './clients.ts';
import { queueOf } from './operator.ts';

const control = requestAt('phone', 'MESSAGE', { content: 'still here' });
const sent = requestSentBy('alice', 'MESSAGE', { label: 'later' });
const accepted = responseSentBy('phone', 'MESSAGE', { during: 'back' });
const pushed = requestAt('phone', 'MESSAGE', { content: 'see you later', during: 'back' });

/** Bob leaves, Alice writes, Bob comes back, and comes back once more. */
export const push: Scenario = {
  name: 'a message to a user who is away',
  server: {},
  async run(world) {
    const alice = await messagingClient(world, 'alice', 'alice');
    const phone = await messagingClient(world, 'phone', 'bob');
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    await alice.request(pagerMessage({ from, to, text: 'still here', label: 'control' }));
    await world.expect(control);
    await phone.register(0);
    world.phase('away');
    const headers = [
      { name: 'InReplyTo-Contribution-ID', value: 'an-earlier-contribution' },
      { name: 'Subject', value: 'Tonight' },
    ];
    const notifications = 'positive-delivery, display';
    await alice.request(pagerMessage({ from, to, text: 'see you later', label: 'later', headers, notifications }));
    world.phase('back');
    await phone.register();
    await world.expect(pushed);
    await phone.fence();
    world.report('operator', 'queue', await queueOf(world, 'bob', (rows) => rows.length === 0));
    world.phase('again');
    await alice.request(pagerMessage({ from, to, text: 'a fence', label: 'fence' }));
    await phone.register(0);
    await phone.register();
    await alice.request(pagerMessage({ from, to, text: 'the last one', label: 'last' }));
    await world.expect(requestAt('phone', 'MESSAGE', { content: 'the last one' }));
  },
  tests: [
    {
      name: 'a deferred message waits for a registration, is pushed to that client, and leaves the queue with its 200',
      proofs: [
        proof(['B-8.3.1.6.2-04'], responseAt('alice', 'MESSAGE', { label: 'later' }), status.equals('202')),
        proof(['B-8.3.1.6.2-04'], requestAt('phone', 'MESSAGE', { during: 'away' }), staysAway(control)),
        proof(['B-8.3.1.6.2-04', 'B-8.3.1.6.2-06'], pushed, arrives()),
        proof(['B-8.3.1.6.6-10'], requestAt('phone', 'MESSAGE', { content: 'see you later', during: 'again' }), staysAway(pushed)),
        proof(
          ['B-8.3.1.6.6-10'],
          reportBy('operator', 'queue'),
          report('length', { message: accepted, part: { part: 'status' } }).equals('0'),
        ),
      ],
    },
    {
      name: 'the push is a MESSAGE of the deferred service, in the name of its sender, to its recipient',
      proofs: [
        proof(['B-8.3.1.6.6-01'], pushed, header('Content-Type').contains('message/cpim')),
        proof(['B-8.3.1.6.6-01'], pushed, header('CSeq').matches(/^\d+ MESSAGE$/)),
        proof(['B-8.3.1.6.6-02'], pushed, header('Accept-Contact').contains(serviceTag('deferred'))),
        proof(['B-8.3.1.6.6-03'], pushed, header('P-Asserted-Identity').contains(fact('alice'))),
        proof(['B-8.3.1.6.6-05'], pushed, header('User-Agent').matches(serverRelease)),
        proof(['B-8.3.1.6.6-09'], pushed, requestUri.equals(fact('phone contact'))),
        proof(['B-8.3.1.6.6-09'], pushed, header('Via').matches(/;branch=z9hG4bK/)),
      ],
    },
    {
      name: 'the push carries what had to be stored',
      proofs: [
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('From').contains(fact('alice'))),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('P-Asserted-Identity').contains(fact('alice'))),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('Subject').equals('Tonight')),
        proof(
          ['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'],
          pushed,
          header('Date').matches(/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/),
        ),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('Content-Type').equals(headerOf(sent, 'Content-Type'))),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('Conversation-ID').equals(headerOf(sent, 'Conversation-ID'))),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('Contribution-ID').equals(headerOf(sent, 'Contribution-ID'))),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, header('InReplyTo-Contribution-ID').equals('an-earlier-contribution')),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, cpim('imdn.Message-ID').equals(cpimOf(sent, 'imdn.Message-ID'))),
        proof(
          ['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'],
          pushed,
          cpim('imdn.Disposition-Notification').equals(cpimOf(sent, 'imdn.Disposition-Notification')),
        ),
        proof(['B-8.3.1.6.6-06', 'B-8.3.1.6.1-01'], pushed, content.equals(contentOf(sent))),
      ],
    },
  ],
};

const charged = requestAt('phone', 'MESSAGE', { content: 'with charging' });
const nameless = requestAt('phone', 'MESSAGE', { content: 'without a name' });

/** What must not be kept: charging headers, and the identity of a sender who asked for anonymity. */
export const notStored: Scenario = {
  name: 'what is not stored with a deferred message',
  server: {},
  async run(world) {
    const elsewhere = await world.peer('elsewhere', { host: trustedHost });
    const alice = await messagingClient(world, 'alice', 'alice');
    const to = world.account('bob').address;
    const stranger = 'sip:carol@elsewhere.test';
    const headers = [
      { name: 'P-Asserted-Identity', value: `<${stranger}>` },
      { name: 'P-Charging-Vector', value: 'icid-value=1234bc9876e;icid-generated-at=192.0.2.1' },
    ];
    await elsewhere.request(
      pagerMessage({ from: stranger, to, text: 'with charging', label: 'charged', sipFrom: `<${stranger}>`, headers }),
    );
    const anonymous = 'sip:anonymous@anonymous.invalid';
    const privacy = [
      { name: 'Privacy', value: 'id' },
      { name: 'P-Preferred-Identity', value: `<${world.account('alice').address}>` },
    ];
    const message = { from: anonymous, to, text: 'without a name', label: 'nameless', sipFrom: `"Anonymous" <${anonymous}>` };
    await alice.request(pagerMessage({ ...message, headers: privacy }));
    await messagingClient(world, 'phone', 'bob');
    await world.expect(charged);
    await world.expect(nameless);
  },
  tests: [
    {
      name: 'charging headers and the identity of an anonymous sender are not stored',
      proofs: [
        proof(['B-8.3.1.6.1-02'], charged, header('P-Charging-Vector').absent('icid-value=1234bc9876e')),
        proof(['B-8.3.1.6.1-02'], charged, header('P-Asserted-Identity').contains('sip:carol@elsewhere.test')),
        proof(['B-8.3.1.6.1-01'], nameless, header('P-Asserted-Identity').absent('<sip:alice@cpm.test>')),
        proof(['B-8.3.1.6.1-01'], nameless, header('From').lacks(fact('alice'))),
      ],
    },
  ],
};
