/** RFC 4475 §3.1.1: messages that are right, however they look. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callIdHeader } from '../message/headers/call-id.ts';
import { contactHeader } from '../message/headers/contact.ts';
import { cseqHeader } from '../message/headers/cseq.ts';
import { fromHeader } from '../message/headers/from.ts';
import { maxForwardsHeader } from '../message/headers/max-forwards.ts';
import { routeHeader } from '../message/headers/route.ts';
import { toHeader } from '../message/headers/to.ts';
import { viaHeader } from '../message/headers/via.ts';
import { requestUri, type SipMessage, type SipRequest } from '../message/message.ts';
import { octetsToText } from '../message/octets.ts';
import { sameUri } from '../uri/same-uri.ts';
import { formatUri, parseUri, type SipUri, userPart } from '../uri/uri.ts';
import { messageText, type TortureCase } from './torture-case.fixture.ts';

/** A file of the repository, unchanged. */
export function rfcFile(name: string): string {
  return readFileSync(join(import.meta.dirname, '../message/corpora/rfc4475', name), 'latin1');
}

export function requestOf(message: SipMessage): SipRequest {
  assert.equal(message.kind, 'request');
  return message;
}

export function sipUriOf(uri: unknown): SipUri {
  const isSip = typeof uri === 'object' && uri !== null && 'kind' in uri && uri.kind === 'sip';
  assert.ok(isSip, 'a SIP URI');
  // The kind was just compared.
  return uri as SipUri;
}

const multipartBody = [
  '--own-7\r\n',
  'Content-Type: text/plain\r\n\r\n',
  'Hello\r\n',
  '--own-7\r\n',
  'Content-Type: application/octet-stream\r\n\r\n',
  '\x00\x01\r\n\r\n\xff\xfe--own',
  '\r\n--own-7--\r\n',
].join('');

const long = (text: string, times: number) => text.repeat(times);

export const validMessages: readonly TortureCase[] = [
  {
    section: '3.1.1.1',
    name: 'wsinv',
    title: 'a short tortuous INVITE: folds, compact forms, blanks, unknown headers',
    text: rfcFile('valid/wsinv.dat'),
    datagram: 405,
    because: 'INVITE is not among the methods of this endpoint, which says so only to well-formed requests (RFC 3261 §8.2.1)',
    server: { stranger: 407, trusted: 404 },
    means: (message) => {
      const { headers, uri, body } = requestOf(message);
      assert.equal(uri, 'sip:vivekg@chair-dnrc.example.com;unknownparam');
      assert.deepEqual(
        headers.all(viaHeader).value?.map((via) => `${via.protocol}/${via.transport} ${via.host} ${via.branch}`),
        ['SIP/2.0/UDP 192.0.2.2 390skdjuw', 'SIP/2.0/TCP spindle.example.com z9hG4bK9ikj8', 'SIP/2.0/UDP 192.168.255.111 z9hG4bK30239'],
      );
      const to = headers.value(toHeader);
      assert.deepEqual([to && formatUri(to.uri), to?.tag], ['sip:vivekg@chair-dnrc.example.com', '1918181833n']);
      const from = headers.value(fromHeader);
      assert.deepEqual([from?.displayName, from?.tag], ['J Rosenberg \\"', '98asjd8']);
      assert.deepEqual(headers.value(cseqHeader), { sequence: 9, method: 'INVITE' });
      assert.equal(headers.value(maxForwardsHeader), 68);
      assert.equal(headers.value(callIdHeader), 'wsinv.ndaksdj@192.0.2.1');
      assert.equal(headers.text('UnknownHeaderWithUnusualValue'), ';;,,;;,;');
      assert.equal(headers.text('Subject'), '');
      const contact = headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.deepEqual(
        [contact.displayName, contact.q, contact.parameters.get('newparam'), contact.parameters.get('secondparam')],
        ['Quoted string ""', 0.33, 'newvalue', true],
      );
      const route = sipUriOf(headers.value(routeHeader)?.uri);
      assert.deepEqual(
        [route.host, route.parameters.has('lr'), route.parameters.get('unknownwith'), route.parameters.get('unknown-no-value')],
        ['services.example.com', true, 'value', true],
      );
      assert.equal(body.length, 150);
    },
  },
  {
    section: '3.1.1.2',
    name: 'intmeth',
    title: 'a wide range of valid characters',
    text: rfcFile('valid/intmeth.dat'),
    datagram: 'handled',
    server: { stranger: 407, trusted: 404 },
    means: (message) => {
      const request = requestOf(message);
      assert.equal(request.method, "!interesting-Method0123456789_*+`.%indeed'~");
      const uri = sipUriOf(requestUri(request));
      assert.equal(uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
      assert.equal(uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
      assert.equal(uri.host, 'example.com');
      const to = request.headers.value(toHeader);
      assert.equal(to?.displayName, 'BEL:\x07 NUL:\x00 DEL:\x7f');
      const from = request.headers.value(fromHeader);
      assert.equal(from?.displayName, "token1~` token2'+_ token3*%!.-");
      assert.equal(octetsToText(String(from?.parameters.get("fromParam''~+*_!.-%"))), 'работающий');
      assert.equal(from?.tag, "_token~1'+`*%!-.");
      assert.equal(request.headers.value(callIdHeader), 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
      assert.equal(request.headers.value(maxForwardsHeader), 255);
      assert.ok(request.headers.has("extensionHeader-!.%*+_`'~"));
    },
  },
  {
    section: '3.1.1.3',
    name: 'esc01',
    title: 'valid use of the % escaping mechanism',
    text: messageText([
      'OPTIONS sip:sips%3Auser%40example.net@example.com SIP/2.0',
      'Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKesc-1',
      'Max-Forwards: 87',
      'To: sip:%75se%72@example.com',
      'From: <sip:I%20am%20here@example.net>;tag=8871',
      'Call-ID: own-esc01',
      'CSeq: 234 OPTIONS',
      'Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>',
    ]),
    datagram: 'handled',
    server: { stranger: 407, trusted: 404 },
    means: (message) => {
      const request = requestOf(message);
      const uri = sipUriOf(requestUri(request));
      assert.deepEqual([userPart(uri), uri.host], ['sips:user@example.net', 'example.com']);
      const user = parseUri('sip:user@example.com');
      const to = request.headers.value(toHeader);
      assert.ok(to !== undefined && 'kind' in user && sameUri(to.uri, user), 'an escaped letter is the letter');
      assert.equal(userPart(sipUriOf(request.headers.value(fromHeader)?.uri)), 'I am here');
      const contact = request.headers.value(contactHeader);
      assert.ok(contact !== undefined && contact !== '*');
      assert.equal(formatUri(contact.uri), 'sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31');
    },
  },
  {
    section: '3.1.1.4',
    name: 'escnull',
    title: 'escaped nulls in URIs',
    text: messageText([
      'REGISTER sip:example.com SIP/2.0',
      'To: sip:nul-%00-nul@example.com',
      'From: sip:nul-%00-nul@example.com;tag=839',
      'Max-Forwards: 70',
      'Call-ID: own-escnull',
      'CSeq: 14398 REGISTER',
      'Via: SIP/2.0/UDP host6.example.com;branch=z9hG4bKescnull',
      'Contact: <sip:%00@host6.example.com>',
      'Contact: <sip:%00%00@host6.example.com>',
    ]),
    datagram: 'handled',
    server: { stranger: 401, user: ['user', 404] },
    means: ({ headers }) => {
      assert.equal(userPart(sipUriOf(headers.value(toHeader)?.uri)), 'nul-\x00-nul');
      const contacts = headers.all(contactHeader).value ?? [];
      assert.deepEqual(
        contacts.map((contact) => (contact === '*' ? contact : userPart(contact.uri))),
        ['\x00', '\x00\x00'],
      );
    },
  },
  {
    section: '3.1.1.5',
    name: 'esc02',
    title: 'a percent sign where it is no escape',
    text: rfcFile('valid/esc02.dat'),
    datagram: 'handled',
    server: { stranger: 407, trusted: 404 },
    means: (message) => {
      const { method, headers } = requestOf(message);
      assert.equal(method, 'RE%47IST%45R', 'another method than REGISTER');
      assert.equal(headers.value(toHeader)?.displayName, '%Z%45');
      assert.equal(headers.all(contactHeader).value?.length, 2, 'C%6Fntact is no Contact');
      assert.equal(headers.value(viaHeader)?.branch, 'z9hG4bK209%fzsnel234');
    },
  },
  {
    section: '3.1.1.6',
    name: 'lwsdisp',
    title: 'no blank between display name and bracket',
    text: rfcFile('valid/lwsdisp.dat'),
    datagram: 'handled',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      const from = headers.value(fromHeader);
      assert.deepEqual([from?.displayName, from && formatUri(from.uri), from?.tag], ['caller', 'sip:caller@example.com', '323']);
    },
  },
  {
    section: '3.1.1.7',
    name: 'longreq',
    title: 'long values in header fields',
    text: messageText([
      `OPTIONS sip:user@example.com;${long('long-parameter', 40)}=value SIP/2.0`,
      `To: "I have a user name of ${long('extreme ', 60)}proportion" <sip:user@example.com:6000;unknownparam1=very${long('long', 50)}value>`,
      `F: sip:${long('amazinglylong', 40)}@example.net;tag=12${long('982', 100)}424;unknownheaderparam${long('name', 40)}=value`,
      `Call-ID: own-longreq.${long('really', 60)}longcallid`,
      'CSeq: 3882340 OPTIONS',
      `Unknown-${long('Long', 60)}-Name: unknown-${long('long', 60)}-value`,
      ...Array.from(
        { length: 34 },
        (_, index) =>
          `${index % 2 === 0 ? 'Via' : 'v'}: SIP/2.0/TCP sip${33 - index}.example.com;branch=z9hG4bK${long('very', 25)}${index}`,
      ),
      'Max-Forwards: 70',
      `Contact: <sip:${long('amazinglylong', 40)}@host5.example.net>`,
    ]),
    datagram: 'handled',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      assert.equal(headers.all(viaHeader).value?.length, 34);
      assert.equal(headers.value(viaHeader)?.host, 'sip33.example.com');
      assert.equal(headers.value(toHeader)?.displayName?.length, 22 + 60 * 8 + 10);
      assert.equal(headers.value(fromHeader)?.tag?.length, 305);
      assert.equal(userPart(sipUriOf(headers.value(fromHeader)?.uri))?.length, 40 * 13);
      assert.equal(headers.text(`unknown-${long('LONG', 60)}-name`), `unknown-${long('long', 60)}-value`);
    },
  },
  {
    section: '3.1.1.8',
    name: 'dblreq',
    title: 'an extra trailing octet sequence in a UDP datagram',
    text: rfcFile('valid/dblreq.dat'),
    datagram: 'handled',
    stream: ['handled', 405],
    because: 'on a stream the INVITE behind the REGISTER is the next message; in a datagram it is ignored',
    server: { stranger: 401, stream: [401, 407], user: ['j.user', 200] },
    means: (message) => {
      const { method, headers, body } = requestOf(message);
      assert.deepEqual([method, body.length], ['REGISTER', 0]);
      assert.equal(headers.value(callIdHeader), 'dblreq.0ha0isndaksdj99sdfafnl3lk233412');
    },
  },
  {
    section: '3.1.1.9',
    name: 'semiuri',
    title: 'semicolon-separated parameters in the user part of a URI',
    text: messageText([
      'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0',
      'To: sip:j_user@example.com',
      'From: sip:caller@example.org;tag=33242',
      'Max-Forwards: 3',
      'Call-ID: own-semiuri',
      'CSeq: 8 OPTIONS',
      'Accept: application/sdp, application/pkcs7-mime, multipart/mixed',
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKsemiuri',
    ]),
    datagram: 'handled',
    server: { stranger: 407, trusted: 404 },
    means: (message) => {
      const uri = sipUriOf(requestUri(requestOf(message)));
      assert.deepEqual([userPart(uri), uri.host, uri.parameters.has('par')], ['user;par=u@example.net', 'example.com', false]);
    },
  },
  {
    section: '3.1.1.10',
    name: 'transports',
    title: 'varied and unknown transport types',
    text: rfcFile('valid/transports.dat'),
    datagram: 'handled',
    server: { stranger: 407, trusted: 480 },
    means: ({ headers }) => {
      assert.deepEqual(
        headers.all(viaHeader).value?.map(({ transport, host }) => `${transport} ${host}`),
        ['UDP t1.example.com', 'SCTP t2.example.com', 'TLS t3.example.com', 'UNKNOWN t4.example.com', 'TCP t5.example.com'],
      );
    },
  },
  {
    section: '3.1.1.11',
    name: 'mpart01',
    title: 'a multipart MESSAGE with a part of any octets',
    text: messageText(
      [
        'MESSAGE sip:user@example.com SIP/2.0',
        'Via: SIP/2.0/UDP 192.0.2.41:5070;branch=z9hG4bK-mpart;rport',
        'Max-Forwards: 70',
        'From: sip:user@example.com;tag=92034',
        'To: sip:user@example.com',
        'Call-ID: own-mpart01',
        'CSeq: 1 MESSAGE',
        'Content-Type: multipart/mixed;boundary=own-7',
      ],
      multipartBody,
    ),
    datagram: 'handled',
    server: { stranger: 407, trusted: 202 },
    means: ({ body }) => {
      assert.equal(Buffer.from(body).toString('latin1'), multipartBody, 'every octet, NUL and line ends too');
    },
  },
  {
    section: '3.1.1.12',
    name: 'unreason',
    title: 'an unusual reason phrase',
    text: messageText([
      'SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe',
      'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923',
      'Call-ID: own-unreason',
      'CSeq: 35 INVITE',
      'From: sip:user@example.com;tag=11141343',
      'To: sip:user@example.edu;tag=2229',
      'Contact: <sip:user@host198.example.com>',
    ]),
    datagram: 'unmatched',
    server: { stranger: 'none' },
    means: (message) => {
      assert.ok(message.kind === 'response');
      assert.deepEqual([message.status, octetsToText(message.reason)], [200, '= 2**3 * 5**2 но сто']);
    },
  },
  {
    section: '3.1.1.13',
    name: 'noreason',
    title: 'an empty reason phrase',
    text: rfcFile('valid/noreason.dat'),
    datagram: 'unmatched',
    server: { stranger: 'none' },
    means: (message) => {
      assert.ok(message.kind === 'response');
      assert.deepEqual([message.status, message.reason], [100, '']);
    },
  },
];
