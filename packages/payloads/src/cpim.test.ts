import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType } from './content-type.ts';
import type { CpimMessage } from './cpim.ts';
import { cpimLimits, formatCpim, parseCpim } from './cpim.ts';
import {
  ccAddresses,
  dateTime,
  fromAddress,
  header,
  headers,
  imdnMessageId,
  imdnRecordRoutes,
  namespaces,
  originalTo,
  payloadType,
  subjects,
  toAddresses,
} from './cpim-access.ts';
import { coreNamespace, cpimText, imdnNamespace } from './cpim-header.ts';
import { dispositionNotifications } from './disposition-notification.ts';
import { contentDispositionOf, contentTypeOf } from './mime-entity.ts';
import { decodeText, encodeText, joinOctets } from './octets.ts';

function parsed(text: string): CpimMessage {
  const result = parseCpim(encodeText(text));
  assert.ok(result.kind === 'cpim', JSON.stringify(result));
  return result;
}

function contentText(message: CpimMessage): string {
  return decodeText(message.content);
}

const pagerMessage = [
  'From: Ada Lovelace <sip:ada@ims.example.org>',
  'To: <tel:+15550142>',
  'cc: "Babbage, Charles"<sip:charles@ims.example.org>',
  'NS: imdn <urn:ietf:params:imdn>',
  'imdn.Message-ID: Qx81-Lk',
  'imdn.Disposition-Notification: positive-delivery, display',
  'DateTime: 2026-03-02T18:20:11.500Z',
  'NS: cpm <http://www.openmobilealliance.org/cpm/>',
  'cpm.Payload-Type: text/plain',
  '',
  'Content-Type: text/plain;charset=UTF-8',
  'Content-Length: 17',
  '',
  'The engine weaves',
].join('\r\n');

test('a pager-mode message gives its addresses, ids, requests and content', () => {
  const message = parsed(pagerMessage);
  assert.deepEqual(fromAddress(message), { formalName: 'Ada Lovelace', uri: 'sip:ada@ims.example.org' });
  assert.deepEqual(toAddresses(message), [{ uri: 'tel:+15550142' }]);
  assert.deepEqual(ccAddresses(message), [{ formalName: 'Babbage, Charles', uri: 'sip:charles@ims.example.org' }]);
  assert.equal(imdnMessageId(message), 'Qx81-Lk');
  assert.deepEqual([...dispositionNotifications(message)], ['positive-delivery', 'display']);
  assert.equal(dateTime(message), '2026-03-02T18:20:11.500Z');
  assert.equal(payloadType(message), 'text/plain');
  assert.equal(mediaType(contentTypeOf(message)), 'text/plain');
  assert.equal(contentText(message), 'The engine weaves');
});

test('an untouched message is written as it came', () => {
  assert.equal(decodeText(formatCpim(parsed(pagerMessage))), pagerMessage);
});

test('unknown headers, odd spellings and octets that are no UTF-8 survive byte for byte and in order', () => {
  const octets = joinOctets([
    encodeText('X-First:no blank\r\nFrom:   <sip:a@b.example>  \r\nNS: x <urn:example:x>\r\nx.Odd:;p="q r";z=1 v\\u0041\r\nRaw: '),
    new Uint8Array([0xff, 0xfe, 0x80]),
    encodeText('\r\n\r\ncontent-TYPE :  text/plain\r\nX-Part: é\r\nContent-Length: 0003\r\n\r\nabc'),
  ]);
  const message = parseCpim(octets);
  assert.ok(message.kind === 'cpim');
  assert.deepEqual(formatCpim(message), octets);
});

test('a disposition around an IMDN is read from the MIME headers', () => {
  const message = parsed(
    'From: <sip:a@b.example>\r\n\r\nContent-Type: message/imdn+xml\r\nContent-Disposition: Notification\r\n\r\n<imdn/>',
  );
  assert.equal(contentDispositionOf(message)?.disposition, 'notification');
  assert.equal(mediaType(contentTypeOf(message)), 'message/imdn+xml');
});

test('the prefix of the IMDN headers is resolved through its NS line (RFC 3862 §3.4)', () => {
  const message = parsed(
    'NS: disp <urn:ietf:params:imdn>\r\ndisp.Message-ID: 77\r\nimdn2.Message-ID: no\r\n\r\nContent-Type: text/plain\r\n\r\n',
  );
  assert.equal(imdnMessageId(message), '77');
  assert.equal(header(message, imdnNamespace, 'Message-ID')?.prefix, 'disp');
  assert.deepEqual([...namespaces(message)], [['disp', 'urn:ietf:params:imdn']]);
});

test('a prefix holds from its NS line on, and a later NS line replaces it', () => {
  const message = parsed('p.A: 0\r\nNS: p <urn:example:one>\r\np.A: 1\r\nNS: p <urn:example:two>\r\np.A: 2\r\n\r\n\r\n');
  assert.deepEqual(
    message.headers.filter((candidate) => candidate.name === 'A').map((candidate) => [candidate.value, candidate.namespace]),
    [
      ['0', undefined],
      ['1', 'urn:example:one'],
      ['2', 'urn:example:two'],
    ],
  );
});

test('an NS line whose prefix is no name declares nothing', () => {
  const message = parsed('NS: p\u007f <urn:example:p>\r\nNS: p.q <urn:example:q>\r\nNS: lost\r\n\r\n');
  assert.equal(namespaces(message).size, 0);
});

test('the customary prefixes count without an NS line, but an NS line that gives imdn away wins', () => {
  assert.equal(imdnMessageId(parsed('imdn.Message-ID: abc\r\n\r\nContent-Type: text/plain\r\n\r\n')), 'abc');
  const other = parsed('NS: imdn <urn:example:other>\r\nimdn.Message-ID: abc\r\n\r\nContent-Type: text/plain\r\n\r\n');
  assert.equal(imdnMessageId(other), undefined);
});

test('an NS line without prefix changes the default namespace for the names behind it', () => {
  const message = parsed(
    'From: <sip:a@b.example>\r\nNS: <urn:example:d>\r\nThing: 1\r\nNS: <urn:ietf:params:cpim-headers:>\r\nTo: <tel:+1>\r\n\r\n',
  );
  assert.equal(header(message, 'urn:example:d', 'Thing')?.value, '1');
  assert.equal(header(message, coreNamespace, 'Thing'), undefined);
  assert.deepEqual(toAddresses(message), [{ uri: 'tel:+1' }]);
});

test('names of CPIM headers are compared with their case (RFC 3862 §2.2)', () => {
  const message = parsed('from: <sip:a@b.example>\r\nCC: <sip:c@b.example>\r\n\r\nContent-Type: text/plain\r\n\r\n');
  assert.equal(fromAddress(message), undefined);
  assert.deepEqual(ccAddresses(message), []);
});

test('subjects carry their language, escapes decoded; a smile is no parameter', () => {
  const message = parsed('Subject: tea \\u2615\r\nSubject:;lang=fr th\\u00e9\r\nSubject: ;lang="de" Tee\r\nSubject: ;-) nice\r\n\r\n\r\n');
  assert.deepEqual(subjects(message), [
    { text: 'tea ☕' },
    { text: 'thé', language: 'fr' },
    { text: 'Tee', language: 'de' },
    { text: ';-) nice' },
  ]);
});

test('Original-To and the record routes of an intermediary are read in order (RFC 5438 §6)', () => {
  const message = parsed(
    'imdn.Original-To: <sip:list@example.org>\r\nimdn.IMDN-Record-Route: <sip:b.example.org>\r\nimdn.IMDN-Record-Route: Hub <sip:a.example.org>\r\n\r\n\r\n',
  );
  assert.deepEqual(originalTo(message), { uri: 'sip:list@example.org' });
  assert.deepEqual(imdnRecordRoutes(message), [{ uri: 'sip:b.example.org' }, { formalName: 'Hub', uri: 'sip:a.example.org' }]);
});

test('MIME headers directly behind the CPIM headers are found, whatever their case', () => {
  const message = parsed('From: <sip:a@b.example>\r\nDateTime: x\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi');
  assert.deepEqual(
    message.headers.map((candidate) => candidate.name),
    ['From', 'DateTime'],
  );
  assert.equal(mediaType(contentTypeOf(message)), 'text/html');
  assert.equal(contentText(message), 'hi');
  assert.match(decodeText(formatCpim(message)), /DateTime: x\r\n\r\ncontent-type: text\/html/);
});

test('a prefix that begins like a MIME header is a prefix', () => {
  const message = parsed('NS: content-x <urn:ietf:params:imdn>\r\ncontent-x.Message-ID: 9\r\n\r\nContent-Type: text/plain\r\n\r\n');
  assert.equal(imdnMessageId(message), '9');
});

test('LF line ends and folded values are read and written as CRLF', () => {
  const message = parsed('From: <sip:a@b.example>\nimdn.Message-ID:\n abc\n\ncontent-type: text/plain\n\nline\nline');
  assert.equal(imdnMessageId(message), 'abc');
  assert.equal(contentText(message), 'line\nline');
  assert.equal(
    decodeText(formatCpim(message)),
    'From: <sip:a@b.example>\r\nimdn.Message-ID:\r\n abc\r\n\r\ncontent-type: text/plain\r\n\r\nline\nline',
  );
});

test('the type of the CPIM object itself and empty lines in front are passed over (RFC 3862 §2.1)', () => {
  for (const front of ['\r\n\r\n', 'Content-Type: Message/CPIM\r\n\r\n', 'Content-type: message/cpim\r\nContent-Length: 999\r\n', '\n']) {
    const message = parsed(`${front}From: <sip:a@b.example>\r\n\r\nContent-Type: text/plain\r\n\r\nhi`);
    assert.equal(decodeText(formatCpim(message)), 'From: <sip:a@b.example>\r\n\r\nContent-Type: text/plain\r\n\r\nhi', front);
  }
});

test('an inner Content-Length cuts a longer content, and is corrected when it promises more than there is', () => {
  const start = 'From: <sip:a@b.example>\r\n\r\nContent-Type: text/plain\r\n';
  assert.equal(contentText(parsed(`${start}Content-Length: 2\r\n\r\nhi there`)), 'hi');
  const longer = parsed(`${start}Content-Length: 200\r\n\r\nhi`);
  assert.equal(contentText(longer), 'hi');
  assert.equal(decodeText(formatCpim(longer)), `${start}Content-Length: 2\r\n\r\nhi`);
  assert.equal(contentText(parsed(`${start}\r\nno length`)), 'no length');
  assert.equal(contentText(parsed(`${start}Content-Length: many\r\n\r\nall`)), 'all');
});

test('empty MIME headers mean plain text in US-ASCII (RFC 2045 §5.2)', () => {
  const message = parsed('From: <sip:a@b.example>\r\n\r\n\r\nhi');
  assert.equal(contentText(message), 'hi');
  assert.equal(mediaType(contentTypeOf(message)), 'text/plain');
});

test('the content is a view of the octets that came, not a copy', () => {
  const octets = encodeText(pagerMessage);
  const message = parseCpim(octets);
  assert.ok(message.kind === 'cpim');
  assert.equal(message.content.buffer, octets.buffer);
});

test('what is no CPIM message is a problem with its place', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['', 'missing', 0],
    ['\r\n\r\n', 'missing', 4],
    ['hello world', 'malformed', 0],
    ['From: <sip:a@b.example>\r\nhello\r\n\r\n', 'malformed', 25],
    ['From: <sip:a@b.example>\r\n\r\nhello', 'malformed', 27],
    ['Content-Type: text/plain\r\n\r\nhello', 'missing', 0],
  ];
  for (const [text, code, offset] of cases) {
    const problem = parseCpim(encodeText(text));
    assert.ok(problem.kind === 'payload-problem', text);
    assert.deepEqual([problem.code, problem.offset], [code, offset], text);
  }
});

test('headers are bounded in octets and number over both blocks together', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`X: ${'x'.repeat(cpimLimits.maxOctets)}\r\n\r\n`, 'too-large'],
    [`X: ${'x'.repeat(9000)}\r\n\r\nY: ${'y'.repeat(9000)}\r\n\r\n`, 'too-large'],
    ['X: x\r\n'.repeat(cpimLimits.maxFields + 1), 'too-many'],
    [`${'X: x\r\n'.repeat(60)}\r\n${'Y: y\r\n'.repeat(60)}\r\n`, 'too-many'],
  ];
  for (const [text, code] of cases) {
    const problem = parseCpim(encodeText(text));
    assert.equal(problem.kind === 'payload-problem' && problem.code, code);
  }
  assert.equal(headers(parsed(`${'X: x\r\n'.repeat(100)}\r\n`), coreNamespace, 'X').length, 100);
});

test('text of a header is decoded, its value stays as written', () => {
  const found = header(parsed('X: a\\tb\r\n\r\n'), coreNamespace, 'X');
  assert.ok(found);
  assert.deepEqual([found.value, cpimText(found)], ['a\\tb', 'a\tb']);
});
