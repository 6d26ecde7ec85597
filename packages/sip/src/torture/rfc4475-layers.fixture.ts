/** RFC 4475 §3.2 to §3.4: messages that are well formed and ask for something that a layer above has to refuse or to bear. */
import assert from 'node:assert/strict';
import { contactHeader } from '../message/headers/contact.ts';
import { fromHeader } from '../message/headers/from.ts';
import { maxForwardsHeader } from '../message/headers/max-forwards.ts';
import { proxyRequireHeader } from '../message/headers/proxy-require.ts';
import { requireHeader } from '../message/headers/require.ts';
import { toHeader } from '../message/headers/to.ts';
import { viaHeader } from '../message/headers/via.ts';
import { requestUri } from '../message/message.ts';
import { requestOf, rfcFile, sipUriOf } from './rfc4475-valid.fixture.ts';
import { messageText, type TortureCase } from './torture-case.fixture.ts';

const invite =
  'what it carries is for a user agent to refuse: the endpoint has no INVITE (405), the server is a proxy and does not look at it';

export const layerMessages: readonly TortureCase[] = [
  {
    section: '3.2.1',
    name: 'badbranch',
    title: 'a branch of the magic cookie alone: no transaction id',
    text: rfcFile('invalid/badbranch.dat'),
    datagram: 'handled',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      assert.equal(headers.value(viaHeader)?.branch, 'z9hG4bK');
    },
  },
  {
    section: '3.3.1',
    name: 'insuf',
    title: 'no Call-ID, From, To and Max-Forwards',
    text: rfcFile('invalid/insuf.dat'),
    datagram: 400,
    server: { stranger: 400 },
  },
  {
    section: '3.3.2',
    name: 'unkscm',
    title: 'a Request-URI of an unknown scheme',
    text: messageText([
      'OPTIONS whoKnowsThisScheme:opaque-content SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=384',
      'Max-Forwards: 3',
      'Call-ID: own-unkscm',
      'CSeq: 3923423 OPTIONS',
      'Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKunkscm',
    ]),
    datagram: 'handled',
    because: 'who serves it knows the schemes that it serves',
    server: { stranger: 416 },
    means: (message) => {
      assert.deepEqual(requestUri(requestOf(message)), {
        kind: 'other',
        scheme: 'whoknowsthisscheme',
        text: 'whoKnowsThisScheme:opaque-content',
      });
    },
  },
  {
    section: '3.3.3',
    name: 'novelsc',
    title: 'a Request-URI of a known but atypical scheme',
    text: messageText([
      'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=384',
      'Max-Forwards: 3',
      'Call-ID: own-novelsc',
      'CSeq: 3923423 OPTIONS',
      'Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKnovelsc',
    ]),
    datagram: 'handled',
    server: { stranger: 416 },
    means: (message) => {
      assert.deepEqual(requestUri(requestOf(message)), { kind: 'other', scheme: 'soap.beep', text: 'soap.beep://192.0.2.103:3002' });
    },
  },
  {
    section: '3.3.4',
    name: 'unksm2',
    title: 'unknown schemes in To, From and Contact of a REGISTER',
    text: rfcFile('invalid/unksm2.dat'),
    datagram: 'handled',
    server: { stranger: 401, user: ['user', 404] },
    because: 'the RFC wants the answer of a registrar to an address of record that it does not serve',
    means: ({ headers }) => {
      assert.deepEqual(
        [headers.value(toHeader)?.uri, headers.value(fromHeader)?.uri],
        [
          { kind: 'other', scheme: 'isbn', text: 'isbn:2983792873' },
          { kind: 'other', scheme: 'http', text: 'http://www.example.com' },
        ],
      );
    },
  },
  {
    section: '3.3.5',
    name: 'bext01',
    title: 'Require and Proxy-Require of unknown options',
    text: rfcFile('invalid/bext01.dat'),
    datagram: 'handled',
    server: { stranger: 420 },
    means: ({ headers }) => {
      assert.deepEqual(headers.all(requireHeader).value, ['nothingSupportsThis', 'nothingSupportsThisEither']);
      assert.deepEqual(headers.all(proxyRequireHeader).value, ['noProxiesSupportThis', 'norDoAnyProxiesSupportThis']);
    },
  },
  {
    section: '3.3.6',
    name: 'invut',
    title: 'an unknown Content-Type',
    text: rfcFile('invalid/invut.dat'),
    datagram: 405,
    because: invite,
    server: { stranger: 407, trusted: 480 },
  },
  {
    section: '3.3.7',
    name: 'regaut01',
    title: 'an unknown authorization scheme',
    text: messageText([
      'REGISTER sip:example.com SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:user@example.com;tag=87321hj23128',
      'Max-Forwards: 8',
      'Call-ID: own-regaut01',
      'CSeq: 9338 REGISTER',
      'Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKregaut01',
      'Authorization: NobodyKnowsThisScheme opaque-content=here',
    ]),
    datagram: 'handled',
    because: 'as if there were no credentials',
    server: { stranger: 401, user: ['user', 200] },
  },
  {
    section: '3.3.8',
    name: 'multi01',
    title: 'several values in headers that have one',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'Contact: <sip:caller@host25.example.net>',
      'Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKmulti01',
      'Max-Forwards: 70',
      'CSeq: 5 OPTIONS',
      'Call-ID: own-multi01.first',
      'CSeq: 59 OPTIONS',
      'Call-ID: own-multi01.second',
      'From: sip:caller@example.com;tag=3413415',
      'To: sip:user@example.com',
      'To: sip:other@example.net',
      'From: sip:caller@example.net;tag=2923420123',
      'Contact: <sip:caller@host36.example.net>',
      'Max-Forwards: 5',
    ]),
    datagram: 400,
    server: { stranger: 400 },
  },
  {
    section: '3.3.9',
    name: 'mcl01',
    title: 'several Content-Length that differ',
    text: rfcFile('invalid/mcl01.dat'),
    datagram: 400,
    server: { stranger: 400 },
  },
  {
    section: '3.3.10',
    name: 'bcast',
    title: 'a 200 with a broadcast Via',
    text: messageText([
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bKbcast-one',
      'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKbcast-two;received=192.0.2.12',
      'Call-ID: own-bcast',
      'CSeq: 35 OPTIONS',
      'From: sip:user@example.com;tag=11141343',
      'To: sip:user@example.edu;tag=2229',
      'Contact: <sip:user@host28.example.com>',
    ]),
    datagram: 'unmatched',
    because: 'nothing is ever sent on by the second Via of a response',
    server: { stranger: 'none' },
  },
  {
    section: '3.3.11',
    name: 'zeromf',
    title: 'Max-Forwards: 0',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=3ghsd41',
      'Call-ID: own-zeromf',
      'CSeq: 39234321 OPTIONS',
      'Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKzeromf',
      'Max-Forwards: 0',
    ]),
    datagram: 'handled',
    because: 'a user agent may answer it; a proxy must not send it on and answers 483',
    server: { stranger: 483 },
    means: ({ headers }) => {
      assert.equal(headers.value(maxForwardsHeader), 0);
    },
  },
  {
    section: '3.3.12',
    name: 'cparam01',
    title: 'a parameter behind a Contact without brackets belongs to the header',
    text: messageText([
      'REGISTER sip:example.com SIP/2.0',
      'Via: SIP/2.0/UDP host17.example.com:5060;branch=z9hG4bKcparam01',
      'Max-Forwards: 70',
      'From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe',
      'To: sip:watson@example.com',
      'Call-ID: own-cparam01',
      'CSeq: 2 REGISTER',
      'Contact: sip:+15550100@gw2.example.net;unknownparam',
    ]),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200, '<sip:+15550100@gw2.example.net>;unknownparam'] },
    means: ({ headers }) => {
      const contact = headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.deepEqual([contact.parameters.get('unknownparam'), sipUriOf(contact.uri).parameters.has('unknownparam')], [true, false]);
    },
  },
  {
    section: '3.3.13',
    name: 'cparam02',
    title: 'a parameter inside the brackets of a Contact belongs to the URI',
    text: rfcFile('invalid/cparam02.dat'),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200, '<sip:+19725552222@gw1.example.net;unknownparam>'] },
    means: ({ headers }) => {
      const contact = headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.deepEqual([contact.parameters.has('unknownparam'), sipUriOf(contact.uri).parameters.get('unknownparam')], [false, true]);
    },
  },
  {
    section: '3.3.14',
    name: 'regescrt',
    title: 'a Contact whose URI has a Route header',
    text: messageText([
      'REGISTER sip:example.com SIP/2.0',
      'To: sip:watson@example.com',
      'From: sip:watson@example.com;tag=8',
      'Max-Forwards: 70',
      'Call-ID: own-regescrt',
      'CSeq: 14398234 REGISTER',
      'Via: SIP/2.0/UDP host7.example.com;branch=z9hG4bKregescrt',
      'Contact: <sip:user@host7.example.net?Route=%3Csip:sip.example.com%3E>',
    ]),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200, '<sip:user@host7.example.net?Route=%3Csip:sip.example.com%3E>'] },
    means: ({ headers }) => {
      const contact = headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.equal(sipUriOf(contact.uri).headers, 'Route=%3Csip:sip.example.com%3E');
    },
  },
  {
    section: '3.3.15',
    name: 'sdp01',
    title: 'an Accept without a format that could be answered in',
    text: rfcFile('invalid/sdp01.dat'),
    datagram: 405,
    because: invite,
    server: { stranger: 407, trusted: 480 },
  },
  {
    section: '3.4.1',
    name: 'inv2543',
    title: 'a request as RFC 2543 wrote it: no tag, no branch, no Max-Forwards',
    text: messageText([
      'OPTIONS sip:UserB@example.com SIP/2.0',
      'Via: SIP/2.0/UDP gw1.example.org',
      'From: <sip:+15550111@gw1.example.org;user=phone>',
      'To: sip:UserB@example.com',
      'Call-ID: own-inv2543',
      'CSeq: 6 OPTIONS',
    ]),
    datagram: 'handled',
    because: 'Content-Length may be missing in a datagram; it stands here so that the stream can be tried too',
    server: { stranger: 407, trusted: 404 },
    means: ({ headers }) => {
      assert.equal(headers.value(fromHeader)?.tag, undefined);
      assert.equal(headers.value(viaHeader)?.branch, undefined);
    },
  },
];
