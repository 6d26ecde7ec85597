/** RFC 4475 §3.1.2: messages that break the grammar. */
import assert from 'node:assert/strict';
import { contactHeader } from '../message/headers/contact.ts';
import { cseqHeader } from '../message/headers/cseq.ts';
import { dateHeader } from '../message/headers/date.ts';
import { expiresHeader } from '../message/headers/expires.ts';
import { toHeader } from '../message/headers/to.ts';
import { rfcFile } from './rfc4475-valid.fixture.ts';
import { messageText, type TortureCase } from './torture-case.fixture.ts';

const everywhere = { stranger: 400 } as const;

export const invalidMessages: readonly TortureCase[] = [
  {
    section: '3.1.2.1',
    name: 'badinv01',
    title: 'extraneous header field separators',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'To: sip:j.user@example.com',
      'From: sip:caller@example.net;tag=134161',
      'Max-Forwards: 8',
      'Call-ID: own-badinv01',
      'CSeq: 8 OPTIONS',
      'Via: SIP/2.0/UDP 192.0.2.15;;,;,,',
      'Contact: "Joe" <sip:joe@example.org>;;;;',
    ]),
    datagram: 400,
    server: everywhere,
    means: ({ headers }) => {
      assert.equal(headers.get(contactHeader).kind, 'malformed');
    },
  },
  {
    section: '3.1.2.2',
    name: 'clerr',
    title: 'Content-Length larger than the message',
    text: rfcFile('invalid/clerr.dat'),
    datagram: 400,
    stream: [],
    because: 'on a stream the rest is still awaited',
    server: everywhere,
  },
  {
    section: '3.1.2.3',
    name: 'ncl',
    title: 'a negative Content-Length',
    text: rfcFile('invalid/ncl.dat'),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.4',
    name: 'scalar02',
    title: 'request scalars with overlarge values',
    text: rfcFile('invalid/scalar02.dat'),
    datagram: 400,
    because: 'CSeq is what makes it malformed; Expires and the parameter count as the largest and as an hour (RFC 3261 §20.10, §20.19)',
    server: everywhere,
    means: ({ headers }) => {
      assert.equal(headers.get(cseqHeader).kind, 'malformed');
      assert.equal(headers.value(expiresHeader), 2 ** 32 - 1);
    },
  },
  {
    section: '3.1.2.5',
    name: 'scalarlg',
    title: 'response scalars with overlarge values',
    text: messageText([
      'SIP/2.0 503 Service Unavailable',
      'Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKscalarlg',
      'To: <sip:user@example.com>',
      'From: <sip:other@example.net>;tag=2easdjfejw',
      'CSeq: 9292394834772304023312 OPTIONS',
      'Call-ID: own-scalarlg',
      'Retry-After: 949302838503028349304023988',
      'Warning: 1812 overture "In Progress"',
    ]),
    datagram: 'unmatched',
    server: { stranger: 'none' },
    means: ({ headers }) => {
      assert.equal(headers.get(cseqHeader).kind, 'malformed');
    },
  },
  {
    section: '3.1.2.6',
    name: 'quotbal',
    title: 'an unterminated quoted string',
    text: rfcFile('invalid/quotbal.dat'),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.7',
    name: 'ltgtruri',
    title: 'angle brackets around the Request-URI',
    text: messageText([
      'OPTIONS <sip:user@example.com> SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=39291',
      'Max-Forwards: 23',
      'Call-ID: own-ltgtruri',
      'CSeq: 1 OPTIONS',
      'Via: SIP/2.0/UDP 192.0.2.5',
    ]),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.8',
    name: 'lwsruri',
    title: 'a blank inside the Request-URI',
    text: rfcFile('invalid/lwsruri.dat'),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.9',
    name: 'lwsstart',
    title: 'several blanks in the request line',
    text: messageText([
      'OPTIONS  sip:user@example.com  SIP/2.0',
      'Max-Forwards: 8',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=8814',
      'Call-ID: own-lwsstart',
      'CSeq: 1893884 OPTIONS',
      'Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKlwsstart',
    ]),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.10',
    name: 'trws',
    title: 'blanks behind the request line',
    text: rfcFile('invalid/trws.dat'),
    datagram: 400,
    because: 'the RFC lets a server refuse or be liberal; who sends this is better told',
    server: everywhere,
  },
  {
    section: '3.1.2.11',
    name: 'escruri',
    title: 'escaped headers in a Request-URI',
    text: messageText([
      'OPTIONS sip:user@example.com?Route=%3Csip:proxy.example.net%3E SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=341518',
      'Max-Forwards: 7',
      'Call-ID: own-escruri',
      'CSeq: 149209342 OPTIONS',
      'Via: SIP/2.0/UDP host-of-the-hour.example.com;branch=z9hG4bKescruri',
    ]),
    datagram: 400,
    because: 'a Request-URI has no headers (RFC 3261 §19.1.1 Table 1), and none of them may be passed on',
    server: everywhere,
  },
  {
    section: '3.1.2.12',
    name: 'baddate',
    title: 'a time zone in Date that is not GMT',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'To: sip:user@example.com',
      'From: sip:caller@example.net;tag=2234923',
      'Max-Forwards: 70',
      'Call-ID: own-baddate',
      'CSeq: 1392934 OPTIONS',
      'Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKbaddate',
      'Date: Fri, 01 Jan 2010 16:00:00 EST',
    ]),
    datagram: 'handled',
    because: 'nobody needs Date to serve it; the RFC allows to go on without what is malformed and not needed',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      assert.equal(headers.get(dateHeader).kind, 'malformed');
    },
  },
  {
    section: '3.1.2.13',
    name: 'regbadct',
    title: 'a Contact with URI headers and without brackets',
    text: rfcFile('invalid/regbadct.dat'),
    datagram: 'handled',
    because: 'the registrar needs Contact and refuses it; others do not',
    server: { stranger: 401, user: ['user', 400] },
    means: ({ headers }) => {
      assert.equal(headers.get(contactHeader).kind, 'malformed');
    },
  },
  {
    section: '3.1.2.14',
    name: 'badaspec',
    title: 'blanks within an addr-spec',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.14;branch=z9hG4bKbadaspec',
      'Max-Forwards: 70',
      'From: "Bell, A" <sip:a.bell@example.net>;tag=433423',
      'To: "Watson, T" < sip:t.watson@example.com >',
      'Call-ID: own-badaspec',
      'CSeq: 3923239 OPTIONS',
    ]),
    datagram: 400,
    server: everywhere,
    means: ({ headers }) => {
      assert.equal(headers.get(toHeader).kind, 'malformed');
    },
  },
  {
    section: '3.1.2.15',
    name: 'baddn',
    title: 'a display name that needs quotes',
    text: `${rfcFile('invalid/baddn.dat').trimEnd()}\r\n\r\n`,
    datagram: 400,
    because: 'the file lacks the empty line behind its headers, which is put in here',
    server: everywhere,
  },
  {
    section: '3.1.2.16',
    name: 'badvers',
    title: 'an unknown version of SIP',
    text: rfcFile('invalid/badvers.dat'),
    datagram: 505,
    server: { stranger: 505 },
  },
  {
    section: '3.1.2.17',
    name: 'mismatch01',
    title: 'the method of CSeq is not that of the request',
    text: messageText([
      'OPTIONS sip:user@example.com SIP/2.0',
      'To: sip:j.user@example.com',
      'From: sip:caller@example.net;tag=34525',
      'Max-Forwards: 6',
      'Call-ID: own-mismatch01',
      'CSeq: 8 INVITE',
      'Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKmismatch01',
    ]),
    datagram: 400,
    server: everywhere,
  },
  {
    section: '3.1.2.18',
    name: 'mismatch02',
    title: 'an unknown method, and another one in CSeq',
    text: rfcFile('invalid/mismatch02.dat'),
    datagram: 400,
    because: 'the RFC lets a server answer 400 or 501; the mismatch is found first',
    server: everywhere,
  },
  {
    section: '3.1.2.19',
    name: 'bigcode',
    title: 'an overlarge response code',
    text: messageText([
      'SIP/2.0 4294967301 better not break the receiver',
      'Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bKbigcode',
      'Call-ID: own-bigcode',
      'CSeq: 353494 OPTIONS',
      'From: <sip:user@example.com>;tag=39ansfi3',
      'To: <sip:user@example.edu>;tag=902jndnke3',
    ]),
    datagram: 'dropped',
    server: { stranger: 'none' },
  },
];
