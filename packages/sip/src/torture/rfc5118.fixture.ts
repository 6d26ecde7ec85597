/** RFC 5118: SIP with IPv6. The messages are ours, one for each section. */
import assert from 'node:assert/strict';
import { contactHeader } from '../message/headers/contact.ts';
import { viaHeader } from '../message/headers/via.ts';
import { requestUri, type SipMessage } from '../message/message.ts';
import { sameUri } from '../uri/same-uri.ts';
import { parseUri } from '../uri/uri.ts';
import { requestOf, sipUriOf } from './rfc4475-valid.fixture.ts';
import { messageText, type TortureCase } from './torture-case.fixture.ts';

interface Ipv6Request {
  readonly method?: string;
  readonly uri: string;
  readonly via?: string | readonly string[];
  readonly contact?: string;
  readonly body?: string;
}

function ipv6Request({
  method = 'OPTIONS',
  uri,
  via = '[2001:db8::9:1]',
  contact = '<sip:caller@[2001:db8::1]>',
  body = '',
}: Ipv6Request): string {
  const vias = [via].flat().map((value, index) => `Via: SIP/2.0/UDP ${value};branch=z9hG4bKipv6-${method}-${index}`);
  const type = body === '' ? [] : ['Content-Type: application/sdp'];
  return messageText(
    [
      `${method} ${uri} SIP/2.0`,
      'To: sip:watson@example.com',
      'From: sip:watson@example.com;tag=81x3',
      ...vias,
      `Call-ID: own-rfc5118-${uri}`,
      'Max-Forwards: 70',
      `Contact: "Caller" ${contact}`,
      `CSeq: 98177 ${method}`,
      ...type,
    ],
    body,
  );
}

function uriOf(message: SipMessage): readonly [string, number | undefined] {
  const uri = sipUriOf(requestUri(requestOf(message)));
  return [uri.host, uri.port];
}

const notServed = { stranger: 407, trusted: 404 } as const;

export const ipv6Messages: readonly TortureCase[] = [
  {
    section: '4.1',
    name: 'ipv6-good',
    title: 'an IPv6 reference in the Request-URI, in Via and in Contact',
    text: ipv6Request({ method: 'REGISTER', uri: 'sip:[2001:db8::10]' }),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200, '<sip:caller@[2001:db8::1]>'] },
    means: (message) => {
      assert.deepEqual(uriOf(message), ['2001:db8::10', undefined]);
      assert.equal(message.headers.value(viaHeader)?.host, '2001:db8::9:1');
      const contact = message.headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.equal(sipUriOf(contact.uri).host, '2001:db8::1');
    },
  },
  {
    section: '4.2',
    name: 'ipv6-bad',
    title: 'an IPv6 address without brackets in the Request-URI',
    text: ipv6Request({ method: 'REGISTER', uri: 'sip:2001:db8::10' }),
    datagram: 400,
    server: { stranger: 400 },
  },
  {
    section: '4.3',
    name: 'port-ambiguous',
    title: 'what looks like a port inside the brackets is part of the address',
    text: ipv6Request({ method: 'REGISTER', uri: 'sip:[2001:db8::10:5070]' }),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200] },
    means: (message) => assert.deepEqual(uriOf(message), ['2001:db8::10:5070', undefined]),
  },
  {
    section: '4.4',
    name: 'port-unambiguous',
    title: 'a port behind the brackets',
    text: ipv6Request({ method: 'REGISTER', uri: 'sip:[2001:db8::10]:5070' }),
    datagram: 'handled',
    server: { stranger: 401, user: ['watson', 200] },
    means: (message) => assert.deepEqual(uriOf(message), ['2001:db8::10', 5070]),
  },
  ...(['[2001:db8::9:255]', '2001:db8::9:255'] as const).map(
    (received, index): TortureCase => ({
      section: '4.5',
      name: index === 0 ? 'via-received-param-with-delim' : 'via-received-param-no-delim',
      title: `received ${index === 0 ? 'with' : 'without'} brackets: both are taken`,
      text: ipv6Request({ uri: 'sip:[2001:db8::10]', via: `[2001:db8::9:1];received=${received}` }),
      datagram: 'handled',
      server: notServed,
      means: ({ headers }) => assert.equal(headers.value(viaHeader)?.received, '2001:db8::9:255'),
    }),
  ),
  {
    section: '4.6',
    name: 'ipv6-in-sdp',
    title: 'IPv6 addresses in a body',
    text: ipv6Request({
      uri: 'sip:user@[2001:db8::10]',
      body: 'v=0\r\no=own 1 0 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP6 2001:db8::20\r\nt=0 0\r\n',
    }),
    datagram: 'handled',
    server: notServed,
    means: ({ body }) => assert.match(Buffer.from(body).toString(), /c=IN IP6 2001:db8::20\r\n/),
  },
  {
    section: '4.7',
    name: 'mult-ip-in-header',
    title: 'addresses of both families in the headers',
    text: ipv6Request({
      uri: 'sip:user@host.example.net',
      via: ['[2001:db8::9:1]:6050', '192.0.2.1', 'ua2.example.com'],
      contact: '<sip:caller@192.0.2.33>',
    }),
    datagram: 'handled',
    server: notServed,
    means: ({ headers }) => {
      assert.deepEqual(
        headers.all(viaHeader).value?.map(({ host, port }) => [host, port]),
        [
          ['2001:db8::9:1', 6050],
          ['192.0.2.1', undefined],
          ['ua2.example.com', undefined],
        ],
      );
    },
  },
  {
    section: '4.8',
    name: 'mult-ip-in-sdp',
    title: 'addresses of both families in a body',
    text: ipv6Request({
      uri: 'sip:user@[2001:db8::10]',
      body: 'v=0\r\no=own 1 1 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nc=IN IP4 192.0.2.1\r\nc=IN IP6 2001:db8::1\r\n',
    }),
    datagram: 'handled',
    server: notServed,
    means: ({ body }) => assert.match(Buffer.from(body).toString(), /c=IN IP4 192\.0\.2\.1\r\nc=IN IP6 2001:db8::1\r\n$/),
  },
  {
    section: '4.9',
    name: 'ipv4-mapped-ipv6',
    title: 'IPv4-mapped IPv6 addresses',
    text: ipv6Request({
      uri: 'sip:user@example.com',
      via: ['[::ffff:192.0.2.10]:19823', '[::ffff:192.0.2.2]'],
      contact: '<sip:caller@[::ffff:192.0.2.10]:19823>',
    }),
    datagram: 'handled',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      assert.deepEqual(
        headers.all(viaHeader).value?.map(({ host, port }) => [host, port]),
        [
          ['::ffff:192.0.2.10', 19823],
          ['::ffff:192.0.2.2', undefined],
        ],
      );
    },
  },
  {
    section: '4.10',
    name: 'ipv6-bug-abnf-3-colons',
    title: 'three colons before an IPv4 tail, which the grammar of RFC 3261 let in',
    text: ipv6Request({ uri: 'sip:user@[2001:db8:::192.0.2.1]' }),
    datagram: 'handled',
    because: 'a receiver puts up with it and takes it for the address with two colons',
    server: notServed,
    means: (message) => {
      const twoColons = parseUri('sip:user@[2001:db8::192.0.2.1]');
      assert.ok('kind' in twoColons && sameUri(sipUriOf(requestUri(requestOf(message))), twoColons));
    },
  },
];
