import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentType } from './content-type.ts';
import type { CpimMessage } from './cpim.ts';
import { formatCpim, parseCpim } from './cpim.ts';
import { ccAddresses, dateTime, fromAddress, header, headers, imdnMessageId, payloadType, subjects, toAddresses } from './cpim-access.ts';
import { withHeader, withoutHeader } from './cpim-change.ts';
import type { CpimDraft } from './cpim-compose.ts';
import { composeCpim } from './cpim-compose.ts';
import { encodeCpimText } from './cpim-escape.ts';
import { coreNamespace, cpimText, cpmNamespace, imdnNamespace } from './cpim-header.ts';
import type { DispositionNotification } from './disposition-notification.ts';
import { dispositionNotificationNames, dispositionNotifications, withDispositionNotifications } from './disposition-notification.ts';
import { contentDispositionOf, contentTypeOf } from './mime-entity.ts';
import { decodeText, encodeText } from './octets.ts';

function parsed(text: string): CpimMessage {
  const result = parseCpim(encodeText(text));
  assert.ok(result.kind === 'cpim', JSON.stringify(result));
  return result;
}

function reparsed(message: CpimMessage): CpimMessage {
  const result = parseCpim(formatCpim(message));
  assert.ok(result.kind === 'cpim', JSON.stringify(result));
  return result;
}

function lines(message: CpimMessage): readonly string[] {
  return decodeText(formatCpim(message)).split('\r\n\r\n', 1)[0]?.split('\r\n') ?? [];
}

const tail = '\r\n\r\nContent-Type: text/plain\r\n\r\nhi';

test('a changed header is rewritten in its place with its prefix; all others keep their octets', () => {
  const message = parsed(`X:odd\r\nNS: d <urn:ietf:params:imdn>\r\nd.Message-ID:  1\r\nTo:  <tel:+1>${tail}`);
  const changed = withHeader(message, imdnNamespace, 'Message-ID', '2');
  assert.deepEqual(lines(changed), ['X:odd', 'NS: d <urn:ietf:params:imdn>', 'd.Message-ID: 2', 'To:  <tel:+1>']);
  assert.equal(changed.content, message.content);
});

test('setting a header that stands several times leaves the given values where the first stood', () => {
  const message = parsed(`To: <tel:+1>\r\nX: x\r\nTo: <tel:+2>${tail}`);
  assert.deepEqual(lines(withHeader(message, coreNamespace, 'To', ['<tel:+7>', '<tel:+8>'])), ['To: <tel:+7>', 'To: <tel:+8>', 'X: x']);
  assert.deepEqual(lines(withHeader(message, coreNamespace, 'To', [])), ['X: x']);
});

test('a new header comes last, with an NS line when its namespace has none in force', () => {
  const message = parsed(`From: <tel:+1>${tail}`);
  assert.deepEqual(lines(withHeader(message, imdnNamespace, 'Original-To', '<tel:+2>')), [
    'From: <tel:+1>',
    'NS: imdn <urn:ietf:params:imdn>',
    'imdn.Original-To: <tel:+2>',
  ]);
  const declared = parsed(`NS: q <${cpmNamespace}>\r\nFrom: <tel:+1>${tail}`);
  assert.equal(lines(withHeader(declared, cpmNamespace, 'Payload-Type', 'text/html')).at(-1), 'q.Payload-Type: text/html');
});

test('a prefix that means something else is not taken for a new header', () => {
  const message = parsed(`NS: imdn <urn:example:other>\r\nNS: <urn:example:default>${tail}`);
  const changed = withHeader(withHeader(message, imdnNamespace, 'Message-ID', '5'), coreNamespace, 'Subject', 'tea');
  assert.deepEqual(lines(changed).slice(2), [
    'NS: imdn2 <urn:ietf:params:imdn>',
    'imdn2.Message-ID: 5',
    'NS: core <urn:ietf:params:cpim-headers:>',
    'core.Subject: tea',
  ]);
  assert.equal(imdnMessageId(reparsed(changed)), '5');
  assert.deepEqual(subjects(reparsed(changed)), [{ text: 'tea' }]);
});

test('a removed header is gone in all its places, and removing what is not there changes nothing', () => {
  const message = parsed(`imdn.A: 1\r\nX: x\r\nimdn.A: 2${tail}`);
  assert.deepEqual(lines(withoutHeader(message, imdnNamespace, 'A')), ['X: x']);
  assert.equal(withoutHeader(message, imdnNamespace, 'B'), message);
});

test('no value can smuggle a header, and a name that is none throws', () => {
  const message = parsed(`X: x${tail}`);
  assert.deepEqual(
    lines(withHeader(message, coreNamespace, 'Subject', 'a\r\nFrom: <tel:+666>')).at(-1),
    'Subject: a\\r\\nFrom: <tel:+666>',
  );
  assert.throws(() => withHeader(message, coreNamespace, 'Sub: ject', 'a'), TypeError);
  assert.throws(() => withHeader(message, coreNamespace, 'a.b', 'a'), TypeError);
});

test('any text survives in a header', () => {
  const message = parsed(`X: x${tail}`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      const found = header(reparsed(withHeader(message, coreNamespace, 'Subject', encodeCpimText(text))), coreNamespace, 'Subject');
      assert.ok(found);
      assert.equal(cpimText(found), text);
    }),
  );
});

test('headers nobody knows survive a change beside them byte for byte', () => {
  const line = fc
    .tuple(fc.stringMatching(/^X-[A-Za-z0-9]{1,8}$/), fc.string({ unit: 'binary', maxLength: 30 }))
    .map(([name, value]) => `${name}:${value.replace(/[\r\n]/g, ' ')}`);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (unknown) => {
      const message = parsed(`${unknown.join('\r\n')}\r\nimdn.Message-ID: 1${tail}`);
      const changed = decodeText(formatCpim(withHeader(message, imdnNamespace, 'Message-ID', '2')));
      assert.equal(changed, `${unknown.join('\r\n')}\r\nimdn.Message-ID: 2${tail}`);
    }),
  );
});

test('taking the delivery request away leaves display and unknown tokens (decision 33)', () => {
  const message = parsed(`imdn.Disposition-Notification: positive-delivery;x=1,Negative-Delivery ,  telepathy;y=2, display${tail}`);
  assert.deepEqual([...dispositionNotifications(message)], ['positive-delivery', 'negative-delivery', 'display']);
  const changed = withDispositionNotifications(message, new Set<DispositionNotification>(['display']));
  assert.deepEqual(lines(changed), ['imdn.Disposition-Notification: telepathy;y=2, display']);
});

test('a request list that becomes empty takes its header with it, an unknown token keeps it', () => {
  const nothing = new Set<DispositionNotification>();
  assert.deepEqual(lines(withDispositionNotifications(parsed(`X: x\r\nimdn.Disposition-Notification: display${tail}`), nothing)), ['X: x']);
  const unknown = withDispositionNotifications(parsed(`imdn.Disposition-Notification: display, telepathy${tail}`), nothing);
  assert.deepEqual(lines(unknown), ['imdn.Disposition-Notification: telepathy']);
});

test('requests spread over two headers count as one list, and asking for what is there changes nothing', () => {
  const message = parsed(`imdn.Disposition-Notification: display\r\nX: x\r\nimdn.Disposition-Notification: processing${tail}`);
  assert.equal(withDispositionNotifications(message, new Set<DispositionNotification>(['processing', 'display'])), message);
  const more = withDispositionNotifications(message, new Set<DispositionNotification>(['processing', 'interworking']));
  assert.deepEqual(lines(more), ['imdn.Disposition-Notification: processing, interworking', 'X: x']);
});

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const uri = fc.webUrl();
const address = fc.oneof(
  uri.map((value) => ({ uri: value })),
  fc.record({ formalName: name, uri }, { noNullPrototype: true }),
);
const draft: fc.Arbitrary<CpimDraft> = fc.record(
  {
    from: address,
    to: fc.array(address, { maxLength: 3 }),
    cc: fc.array(address, { minLength: 1, maxLength: 2 }),
    dateTime: fc.constant('2026-03-02T18:20:11Z'),
    subjects: fc.array(fc.record({ text: name, language: fc.constantFrom('en', 'zh-Hant') }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 2,
    }),
    messageId: name,
    dispositionNotifications: fc
      .uniqueArray(fc.constantFrom(...dispositionNotificationNames), { minLength: 1 })
      .map((list) => new Set(list)),
    payloadType: fc.constant(contentType('multipart/related')),
    contentType: fc.constant(contentType('text/plain', new Map([['charset', 'UTF-8']]))),
    contentDisposition: fc.constantFrom('notification', 'render'),
    content: fc.uint8Array({ maxLength: 40 }),
  },
  { requiredKeys: ['from', 'to', 'dateTime', 'contentType', 'content'] },
);

test('a composed message is read as it was meant', () => {
  fc.assert(
    fc.property(draft, (wanted) => {
      const message = reparsed(composeCpim(wanted));
      assert.deepEqual(fromAddress(message), wanted.from);
      assert.deepEqual(toAddresses(message), wanted.to);
      assert.deepEqual(ccAddresses(message), wanted.cc ?? []);
      assert.equal(dateTime(message), wanted.dateTime);
      assert.deepEqual(subjects(message), wanted.subjects ?? []);
      assert.equal(imdnMessageId(message), wanted.messageId);
      assert.deepEqual(dispositionNotifications(message), wanted.dispositionNotifications ?? new Set());
      assert.equal(payloadType(message), wanted.payloadType && 'multipart/related');
      assert.deepEqual(contentTypeOf(message), wanted.contentType);
      assert.equal(contentDispositionOf(message)?.disposition, wanted.contentDisposition);
      assert.deepEqual([...message.content], [...wanted.content]);
    }),
  );
});

test('a composed message stands on the wire as RFC 3862 draws it', () => {
  const message = composeCpim({
    from: { uri: 'sip:anonymous@anonymous.invalid' },
    to: [{ formalName: 'Grace Hopper', uri: 'tel:+15550177' }],
    dateTime: '2026-03-02T18:20:11Z',
    messageId: 'm-1',
    dispositionNotifications: new Set<DispositionNotification>(['positive-delivery', 'display']),
    payloadType: contentType('text/plain'),
    contentType: contentType('text/plain', new Map([['charset', 'UTF-8']])),
    content: encodeText('naïve'),
  });
  assert.deepEqual(decodeText(formatCpim(message)).split('\r\n'), [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: Grace Hopper <tel:+15550177>',
    'DateTime: 2026-03-02T18:20:11Z',
    'NS: imdn <urn:ietf:params:imdn>',
    'imdn.Message-ID: m-1',
    'imdn.Disposition-Notification: positive-delivery, display',
    'NS: cpm <http://www.openmobilealliance.org/cpm/>',
    'cpm.Payload-Type: text/plain',
    '',
    'Content-Type: text/plain;charset=UTF-8',
    'Content-Length: 6',
    '',
    'naïve',
  ]);
  assert.equal(headers(message, imdnNamespace, 'Message-ID').length, 1);
});
