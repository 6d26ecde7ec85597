import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentType, parseContentType } from './content-type.ts';
import type { CpimMessage } from './cpim.ts';
import { formatCpim, parseCpim } from './cpim.ts';
import {
  ccAddresses,
  fromAddress,
  imdnMessageId,
  imdnRecordRoutes,
  namespaces,
  originalTo,
  payloadType,
  subjects,
  toAddresses,
} from './cpim-access.ts';
import { withHeader } from './cpim-change.ts';
import { imdnNamespace } from './cpim-header.ts';
import { dispositionNotifications, withDispositionNotifications } from './disposition-notification.ts';
import { parseExternalBody } from './external-body.ts';
import { formatImdn, parseImdn } from './imdn.ts';
import { parseImdns } from './imdn-aggregate.ts';
import { contentDispositionOf, contentTypeOf } from './mime-entity.ts';
import { formatMultipart, leafEntities, parseMultipart } from './multipart.ts';
import { decodeText, encodeText, joinOctets } from './octets.ts';

const imdn = formatImdn({
  kind: 'imdn',
  messageId: 'm&1',
  dateTime: '2026-03-02T18:20:11Z',
  subject: 'tea <now>',
  notification: { kind: 'interworking', status: 'legacy-sms' },
});

const cpim = joinOctets([
  encodeText('Content-Type: message/cpim\r\n\r\nFrom: "A \\"b\\" é" <sip:a@b.example>\r\nTo: Ü\\u00e9 <tel:+1>\r\ncc: x\r\n'),
  encodeText('NS: q <urn:ietf:params:imdn>\r\nq.Message-ID: m1\r\nq.Disposition-Notification: display;a=b,\r\n processing, new\r\n'),
  encodeText('NS: <urn:example:d>\r\nSubject:;lang="e\\"n";x=1 \\t\r\nq.IMDN-Record-Route: <sip:r>\r\ncpm.Payload-Type: a/b\r\n'),
  encodeText('content-type: message/imdn+xml;charset="utf-8\r\nContent-Disposition: notification\r\nContent-Length: 400\r\n\r\n'),
  imdn,
]);

const multipart = joinOctets([
  encodeText('pre\r\n--b\r\nContent-Type: message/cpim\r\n\r\n'),
  cpim,
  encodeText('\r\n--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\n\nx\n--c--\r\n--b--\r\nepilogue'),
]);

interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** Octets that mean something to one of the grammars, more often than chance would bring them. */
const insertion = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc
    .constantFrom('\r\n', '\n', '\r', '\r\n\r\n', ':', ';', '"', '\\', '\\u', '<', '>', '--b', '--b--', '&', '<!DOCTYPE', '\0', 'Content-')
    .map(encodeText),
);
const mutations = fc.array(fc.record<Mutation>({ at: fc.nat(1500), remove: fc.nat(6), insert: insertion }), { minLength: 1, maxLength: 6 });

function mutated(octets: Uint8Array, list: readonly Mutation[]): Uint8Array {
  return list.reduce((current, { at, remove, insert }) => {
    const start = at % (current.length + 1);
    return joinOctets([current.subarray(0, start), insert, current.subarray(start + remove)]);
  }, octets);
}

function useEveryAccess(message: CpimMessage): void {
  fromAddress(message);
  toAddresses(message);
  ccAddresses(message);
  subjects(message);
  namespaces(message);
  originalTo(message);
  imdnRecordRoutes(message);
  payloadType(message);
  contentDispositionOf(message);
}

/** What is read must be written so that it is read as the same again. */
function assertStable(message: CpimMessage): void {
  const again = parseCpim(formatCpim(message));
  assert.ok(again.kind === 'cpim');
  assert.equal(imdnMessageId(again), imdnMessageId(message));
  assert.deepEqual(dispositionNotifications(again), dispositionNotifications(message));
  assert.deepEqual(contentTypeOf(again), contentTypeOf(message));
  assert.deepEqual([...again.content], [...message.content]);
  assert.deepEqual(
    again.headers.map(({ name, value, namespace }) => ({ name, value, namespace })),
    message.headers.map(({ name, value, namespace }) => ({ name, value, namespace })),
  );
}

test('the unharmed samples are read, so that the mutations begin at real messages', () => {
  const message = parseCpim(cpim);
  assert.equal(message.kind === 'cpim' && imdnMessageId(message), 'm1');
  const leaves = leafEntities(contentType('multipart/mixed', new Map([['boundary', 'b']])), multipart);
  assert.ok(Array.isArray(leaves));
  assert.equal(leaves.length, 2);
});

test('a mutated CPIM message is a problem or a message that survives writing; nothing throws', () => {
  fc.assert(
    fc.property(mutations, (list) => {
      const message = parseCpim(mutated(cpim, list));
      if (message.kind !== 'cpim') return;
      useEveryAccess(message);
      assertStable(message);
      assertStable(withHeader(message, imdnNamespace, 'Message-ID', 'other'));
      assertStable(withDispositionNotifications(message, new Set(['display'] as const)));
    }),
    { numRuns: 1500 },
  );
});

test('every cut of a CPIM message is a problem or a message; nothing throws', () => {
  for (let length = 0; length <= cpim.length; length += 1) {
    const message = parseCpim(cpim.subarray(0, length));
    if (message.kind === 'cpim') assertStable(message);
  }
});

test('a mutated notification is a problem or a notification that survives writing; nothing throws', () => {
  fc.assert(
    fc.property(mutations, (list) => {
      const result = parseImdn(mutated(imdn, list));
      if (result.kind === 'imdn') assert.deepEqual(parseImdn(formatImdn(result)), result);
    }),
    { numRuns: 1500 },
  );
});

test('a mutated multipart is a problem or parts that survive writing; nothing throws', () => {
  const type = contentType('multipart/mixed', new Map([['boundary', 'b']]));
  fc.assert(
    fc.property(mutations, (list) => {
      const octets = mutated(multipart, list);
      const result = parseMultipart(type, octets);
      parseImdns(type, octets);
      if (result.kind !== 'multipart') return;
      const again = parseMultipart(type, formatMultipart(result));
      assert.ok(again.kind === 'multipart');
      assert.deepEqual(
        again.parts.map((part) => decodeText(part.content)),
        result.parts.map((part) => decodeText(part.content)),
      );
    }),
    { numRuns: 1500 },
  );
});

test('any octets given to any parser are a value; nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.string({ unit: 'binary', maxLength: 60 }), (octets, text) => {
      const type = parseContentType(text);
      parseCpim(octets);
      parseImdn(octets);
      for (const each of [type, parseContentType(`multipart/x;boundary=${text}`), parseContentType(`message/external-body;${text}`)]) {
        if (each.kind === 'content-type') {
          parseMultipart(each, octets);
          parseImdns(each, octets);
          parseExternalBody(each, octets);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('hostile lengths cost no more than their octets: a megabyte of each is answered', () => {
  const size = 1_000_000;
  const type = contentType('multipart/mixed', new Map([['boundary', 'b']]));
  for (const filler of ['\n', '\r\n', ' ', '-', '--b', ':', 'A:\r\n ', '\\', '<a>', '"', '\0']) {
    const octets = encodeText(filler.repeat(size / filler.length));
    for (const start of ['', 'A: 1\r\n\r\n', 'From: "', '--b\r\n']) {
      const whole = joinOctets([encodeText(start), octets]);
      assert.ok(parseCpim(whole).kind);
      assert.ok(parseImdn(whole).kind);
      assert.ok(parseMultipart(type, whole).kind);
    }
  }
});
