import { serviceTag, serviceUrn } from '../framework/pager-message.ts';
import { arrives, content, cpim, header, headerOf, mime, proof, report, requestUri, staysAway } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { acceptAsRecorded, acceptAsServer } from '../framework/scripted-core.ts';
import { reportBy, requestAt, responseSentBy } from '../framework/selector.ts';
import { clientRelease } from './clients.ts';
import { alice, bob, registeredSdk, reportOutcome } from './sdk.ts';

const atCore = (text: string) => requestAt('core', 'MESSAGE', { content: text });
const hello = atCore('hello bob');
const again = atCore('hello again');
const [secret, photo, album] = [atCore('guess who'), requestAt('core', 'MESSAGE', { content: 'JFIF' }), atCore('two parts')];

/** The client writes to Bob: plainly, with everything that a user may ask for, in the same conversation, without a name. */
export const clientSending: Scenario = {
  name: 'a client sends',
  async run(world) {
    const core = await world.core();
    const { client } = await registeredSdk(world, core);
    core.answer = acceptAsRecorded(4711);
    const first = await world.within(client.send(bob, 'hello bob', { expiresSeconds: 3600, replyTo: 'sip:alice-office@home.test' }));
    reportOutcome(world, 'hello bob', first);
    core.answer = acceptAsServer;
    const conversation = first.kind === 'accepted' ? { conversationId: first.conversationId } : {};
    await world.within(
      client.send(bob, 'hello again', { ...conversation, notifications: ['positive-delivery', 'display', 'interworking'] }),
    );
    await world.within(client.send('tel:+15550002', 'guess who', { anonymous: true, notifications: [] }));
    await world.within(client.send(bob, { contentType: 'image/jpeg', octets: new TextEncoder().encode('JFIF') }));
    await world.within(client.send(bob, { contentType: 'multipart/mixed;boundary=line', octets: new TextEncoder().encode(twoParts) }));
    world.phase('too large');
    reportOutcome(world, 'too large', await world.within(client.send(bob, 'x'.repeat(1301))));
    await world.within(client.register());
  },
  tests: [
    {
      name: 'a small message goes out as a MESSAGE of the standalone message service',
      proofs: [
        proof(['A-7.2.1.1-01', 'D-7.2.1.1-01'], hello, arrives()),
        proof(['A-7.2.1.1-01', 'D-7.2.1.1-01'], hello, header('CSeq').matches(/^\d+ MESSAGE$/)),
        proof(['A-7.2.1.1-01', 'D-7.2.1.1-01'], requestAt('core', 'MESSAGE', { during: 'too large' }), staysAway(hello)),
        proof(['A-7.2.1.1-02', 'D-7.2.1.1-02'], hello, header('Accept-Contact').contains(serviceTag('msg'))),
        proof(['A-7.2.1.1-04', 'D-7.2.1.1-04', 'D-7.2.1.1-05'], hello, header('P-Preferred-Service').equals(serviceUrn('msg'))),
      ],
    },
    {
      name: 'identity, reply address, release and anonymity are announced in the SIP headers',
      proofs: [
        proof(['A-7.2.1.1-03', 'D-7.2.1.1-03'], hello, header('P-Preferred-Identity').contains(`<${alice}>`)),
        proof(['A-7.2.1.1-05', 'D-7.2.1.1-07'], hello, header('Reply-To').contains('sip:alice-office@home.test')),
        proof(['A-7.2.1.1-06', 'D-7.2.1.1-08'], hello, header('User-Agent').matches(clientRelease)),
        proof(['A-7.2.1.1-07', 'D-7.2.1.1-09'], secret, header('Privacy').matches(/(^|;)\s*id\s*(;|$)/)),
        proof(['A-7.2.1.1-07', 'D-7.2.1.1-09'], secret, header('From').lacks(alice)),
      ],
    },
    {
      name: 'expiry time, recipient and the ids of conversation and contribution are set',
      proofs: [
        proof(['A-7.2.1.1-08', 'D-7.2.1.1-10'], hello, header('Expires').equals('3600')),
        proof(['A-7.2.1.1-09', 'D-7.2.1.1-11'], hello, requestUri.equals(bob)),
        proof(['A-7.2.1.1-09', 'D-7.2.1.1-11'], secret, requestUri.equals('tel:+15550002')),
        proof(['A-7.2.1.1-15', 'D-7.2.1.1-21'], hello, header('Conversation-ID').matches(/^\S{16,}$/)),
        proof(['A-7.2.1.1-15', 'D-7.2.1.1-21'], again, header('Conversation-ID').equals(headerOf(hello, 'Conversation-ID'))),
        proof(['A-7.2.1.1-15', 'D-7.2.1.1-21'], secret, header('Conversation-ID').differsFrom(headerOf(hello, 'Conversation-ID'))),
        proof(['A-7.2.1.1-16', 'D-7.2.1.1-22'], hello, header('Contribution-ID').matches(/^\S{16,}$/)),
        proof(['A-7.2.1.1-16', 'D-7.2.1.1-22'], again, header('Contribution-ID').differsFrom(headerOf(hello, 'Contribution-ID'))),
      ],
    },
    {
      name: 'the body is a CPIM wrapper, and the request is sent as the core expects it',
      proofs: [
        proof(['A-7.2.1.1-18', 'D-7.2.1.1-24'], hello, cpim('From').present()),
        proof(['A-7.2.1.1-18', 'D-7.2.1.1-24'], hello, mime('Content-Type').contains('text/plain')),
        proof(['A-7.2.1.1-19', 'D-7.2.1.1-25'], hello, header('Content-Type').equals('message/cpim')),
        proof(['A-7.2.1.1-19', 'D-7.2.1.1-25'], hello, content.equals('hello bob')),
        proof(['A-7.2.1.1-20', 'D-7.2.1.1-26'], hello, header('Via').matches(/^SIP\/2\.0\/UDP .*;branch=z9hG4bK/)),
        proof(['A-7.2.1.1-20', 'D-7.2.1.1-26'], hello, header('Max-Forwards').equals('70')),
        proof(['A-7.2.1.1-20', 'D-7.2.1.1-26'], hello, header('From').matches(/;tag=[^;]+/)),
        proof(['A-7.2.1.1-20', 'D-7.2.1.1-26'], hello, header('To').contains(`<${bob}>`)),
      ],
    },
    {
      name: 'the UID of a recorded message is taken from the 200',
      proofs: [
        proof(
          ['A-7.2.1.1-21', 'D-7.2.1.1-27'],
          reportBy('SDK', 'hello bob'),
          report('messageUid', {
            message: responseSentBy('core', 'MESSAGE', { during: 'start' }),
            part: { part: 'header', name: 'Message-UID' },
          }).equals('4711'),
        ),
      ],
    },
    {
      name: 'the CPIM wrapper names sender and recipient',
      proofs: [
        proof(['A-7.2.1.3-01', 'D-7.2.1.3-01'], hello, cpim('NS').contains('imdn <urn:ietf:params:imdn>')),
        proof(['A-7.2.1.3-01', 'D-7.2.1.3-01'], hello, cpim('DateTime').matches(/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/)),
        proof(['A-7.2.1.3-02', 'D-7.2.1.3-02'], hello, cpim('From').contains(`<${alice}>`)),
        proof(['A-7.2.1.3-03', 'D-7.2.1.3-03', 'A-7.2.1.3-04', 'D-7.2.1.3-04'], hello, cpim('To').contains(`<${bob}>`)),
        proof(['A-7.2.1.3-03', 'D-7.2.1.3-03', 'A-7.2.1.3-04', 'D-7.2.1.3-04'], secret, cpim('To').contains('<tel:+15550002>')),
      ],
    },
    {
      name: 'the CPIM wrapper says what it holds and which notifications the user wants',
      proofs: [
        proof(['A-7.2.1.3-07', 'D-7.2.1.3-10'], hello, cpim('imdn.Message-ID').present()),
        proof(['A-7.2.1.3-07', 'D-7.2.1.3-10'], hello, cpim('imdn.Disposition-Notification').contains('positive-delivery')),
        proof(['A-7.2.1.3-07', 'D-7.2.1.3-10'], again, cpim('imdn.Disposition-Notification').contains('display')),
        proof(['D-7.2.1.3-10'], again, cpim('imdn.Disposition-Notification').contains('interworking')),
        proof(['A-7.2.1.3-07', 'D-7.2.1.3-10'], secret, cpim('imdn.Disposition-Notification').absent('display')),
        proof(['D-7.2.1.3-08'], hello, mime('Content-Type').contains('text/plain')),
        proof(['D-7.2.1.3-08', 'A-7.2-01', 'D-7.2-01'], photo, mime('Content-Type').equals('image/jpeg')),
        proof(['D-7.2.1.3-08'], album, mime('Content-Type').contains('multipart/mixed')),
        proof(['D-7.2.1.3-09'], album, cpim('cpm.Payload-Type').contains('text/plain')),
        proof(['D-7.2.1.3-09'], album, cpim('cpm.Payload-Type').contains('image/jpeg')),
      ],
    },
  ],
};

const twoParts = [
  '--line',
  'Content-Type: text/plain',
  '',
  'two parts',
  '--line',
  'Content-Type: image/jpeg',
  'Content-Transfer-Encoding: base64',
  '',
  '/9j/',
  '--line--',
  '',
].join('\r\n');
