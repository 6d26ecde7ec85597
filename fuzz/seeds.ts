/** What the fuzzer begins with: messages that others wrote, and ours that reach what others do not know of. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpmMessage, imdnMessage, msgTag } from '../simulation/phone.ts';
import { caseMark } from './mutate.ts';

const corpora = join(import.meta.dirname, '../packages/sip/src/message/corpora');

/** RFC 4475, in the files of the repository, with names that differ from case to case. */
const tortureMessages: readonly Buffer[] = readdirSync(corpora, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.dat'))
  .sort()
  .map((file) => readFileSync(join(corpora, file), 'latin1'))
  .map((text) => text.replaceAll('z9hG4bK', `z9hG4bK${caseMark}`).replace(/^(Call-ID|I)(\s*:\s*)/im, `$1$2${caseMark}`))
  .map((text) => Buffer.from(text, 'latin1'));

interface SeedRequest {
  readonly method: string;
  readonly uri: string;
  readonly from?: string;
  readonly to?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

function request({ method, uri, from = '<sip:alice@cpm.test>', to = `<${uri}>`, headers = [], body = '' }: SeedRequest): Buffer {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK${caseMark};rport`,
    'Max-Forwards: 70',
    `From: ${from};tag=f1`,
    `To: ${to}`,
    `Call-ID: ${caseMark}@fuzz`,
    `CSeq: 1 ${method}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

const asserted = ['P-Asserted-Identity', '<sip:alice@cpm.test>'] as const;
const allNotifications = ['positive-delivery', 'negative-delivery', 'display', 'interworking'];
const messageId = `m${caseMark}`;

const imdnPart =
  '<?xml version="1.0"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>m1</message-id><datetime>2024-01-01T00:00:00Z</datetime>' +
  '<recipient-uri>sip:bob@cpm.test</recipient-uri><original-recipient-uri>sip:bob@cpm.test</original-recipient-uri>' +
  '<display-notification><status><displayed/></status></display-notification></imdn>';

const severalImdns = [
  'From: <sip:bob@cpm.test>',
  'To: <sip:alice@cpm.test>',
  'NS: imdn <urn:ietf:params:imdn>',
  `imdn.Message-ID: ${messageId}`,
  '',
  'Content-Type: multipart/mixed;boundary=b',
  '',
  '--b',
  'Content-Type: message/imdn+xml',
  'Content-Disposition: notification',
  '',
  imdnPart,
  '--b',
  'Content-Type: message/imdn+xml',
  '',
  imdnPart,
  '--b--',
  '',
].join('\r\n');

const cpmText = cpmMessage('hello', { messageId, notifications: allNotifications, headers: [asserted] });
const hiddenText = cpmMessage('guess who', { messageId, notifications: ['negative-delivery'], headers: [['Privacy', 'id'], asserted] });
const expiringText = cpmMessage('soon gone', { messageId, headers: [['Expires', '60'], asserted] });
const imdn = imdnMessage('m1', { messageId, headers: [asserted] });

/** To users with a client of each kind, without one, unknown, and with a rule of each kind. */
const toEach: readonly Buffer[] = ['bob', 'carol', 'dave', 'nobody', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory'].map(
  (user) => request({ method: 'MESSAGE', uri: `sip:${user}@cpm.test`, ...cpmText }),
);

/** What users of a server send, from the plainest to what nests. */
export const serverRequests: readonly Buffer[] = [
  ...toEach,
  request({ method: 'MESSAGE', uri: 'sip:dave@cpm.test', ...hiddenText }),
  request({ method: 'MESSAGE', uri: 'sip:dave@cpm.test', ...expiringText }),
  request({ method: 'MESSAGE', uri: 'sip:bob@cpm.test', ...hiddenText }),
  request({ method: 'MESSAGE', uri: 'sip:bob@cpm.test', ...imdn }),
  request({ method: 'MESSAGE', uri: 'sip:dave@cpm.test', ...imdn }),
  request({ method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers: cpmText.headers ?? [], body: severalImdns }),
  request({
    method: 'MESSAGE',
    uri: 'sip:bob@cpm.test',
    headers: [asserted, ['Content-Type', 'multipart/mixed;boundary=b']],
    body: `--b\r\nContent-Type: message/cpim\r\n\r\n${cpmText.body ?? ''}\r\n--b\r\n\r\nplain\r\n--b--\r\n`,
  }),
  request({ method: 'MESSAGE', uri: 'sip:carol@cpm.test', headers: [asserted, ['Content-Type', 'text/plain']], body: 'plain text' }),
  request({
    method: 'MESSAGE',
    uri: 'sip:dave@cpm.test',
    headers: [asserted, ['Content-Type', 'text/plain;charset=UTF-8'], ['Subject', 'é'], ['Priority', 'urgent']],
    body: 'plain é text',
  }),
  request({ method: 'MESSAGE', uri: 'tel:+15550001', headers: [asserted, ['Content-Type', 'text/plain']], body: 'by number' }),
  request({ method: 'MESSAGE', uri: 'sip:bob@other.test', headers: [asserted, ['Content-Type', 'text/plain']], body: 'to a route' }),
  ...['bob', 'carol', 'dave', 'erin'].map((user) =>
    request({
      method: 'INVITE',
      uri: `sip:${user}@cpm.test`,
      headers: [asserted, ['Contact', '<sip:alice@10.0.0.9:5060>'], ['Content-Type', 'application/sdp'], ['Supported', '100rel, timer']],
      body: 'v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n',
    }),
  ),
  ...['CANCEL', 'ACK', 'BYE', 'SUBSCRIBE'].map((method) =>
    request({
      method,
      uri: 'sip:bob@10.0.0.3:5060',
      headers: [asserted, ['Route', '<sip:10.0.0.1:5060;lr>, <sip:10.0.0.3;lr>'], ['Event', 'presence']],
    }),
  ),
  request({ method: 'OPTIONS', uri: 'sip:cpm.test', headers: [['Accept', 'application/sdp']] }),
  request({ method: 'OPTIONS', uri: 'sip:bob@cpm.test', headers: [asserted] }),
  ...[
    `<sip:alice@10.0.0.9:5060>;${msgTag};+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000a>";q=0.5`,
    '<sip:alice@10.0.0.9:5060;transport=tcp>;expires=60;reg-id=1, "A" <sip:alice@10.0.0.10>;q=1;expires=4294967295',
    '*',
  ].map((contact) =>
    request({
      method: 'REGISTER',
      uri: 'sip:cpm.test',
      to: '<sip:alice@cpm.test>',
      headers: [
        ['Contact', contact],
        ['Expires', contact === '*' ? '0' : '600'],
        ['Path', '<sip:10.0.0.9;lr>'],
        ['Supported', 'path, gruu, outbound'],
      ],
    }),
  ),
];

const response = Buffer.from(
  [
    'SIP/2.0 200 OK',
    `Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK${caseMark}`,
    'From: <sip:alice@cpm.test>;tag=f1',
    'To: <sip:bob@cpm.test>;tag=t1',
    `Call-ID: ${caseMark}@fuzz`,
    'CSeq: 1 MESSAGE',
    'Contact: <sip:bob@10.0.0.3>;q=0.7',
    'Warning: 399 cpm.test "text"',
    'WWW-Authenticate: Digest realm="cpm.test", nonce="n", qop="auth", algorithm=SHA-256, stale=true',
    'Date: Sat, 13 Nov 2010 23:29:00 GMT',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
);

/** Every kind of message. */
export const anyMessages: readonly Buffer[] = [...tortureMessages, ...serverRequests, response];

const msginfo =
  '<?xml version="1.0"?><message-list xmlns="urn:ietf:params:xml:ns:msginfo" number="1"><message message-reference="r1">' +
  '<date-time>2024-01-01T00:00:00Z</date-time><size>3</size><expiry>2024-01-02T00:00:00Z</expiry><subject>s</subject>' +
  '<from>sip:alice@cpm.test</from><to>sip:bob@cpm.test</to></message></message-list>';

/** What such messages carry. */
export const payloadBodies: readonly Buffer[] = [
  cpmText.body ?? '',
  hiddenText.body ?? '',
  imdn.body ?? '',
  severalImdns,
  imdnPart,
  msginfo,
  `--b\r\nContent-Type: message/cpim\r\n\r\n${cpmText.body ?? ''}\r\n--b\r\nContent-Type: message/imdn+xml\r\n\r\n${imdnPart}\r\n--b--\r\n`,
  'message/external-body;access-type=url;url="https://x.test/a";size=3;expiration="Sat, 13 Nov 2010 23:29:00 GMT"\r\nContent-Type: image/png\r\n\r\n',
  'multipart/related;boundary="a b";type="text/plain";start="<x@y>"',
].map((text) => Buffer.from(text));
