import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentType, parseContentType } from './content-type.ts';
import { formatCpim } from './cpim.ts';
import { composeCpim } from './cpim-compose.ts';
import type { Imdn, ImdnNotification } from './imdn.ts';
import { formatImdn, imdnLimits, parseImdn } from './imdn.ts';
import { parseImdns } from './imdn-aggregate.ts';
import { formatMultipart } from './multipart.ts';
import { decodeText, encodeText, joinOctets } from './octets.ts';

const delivered: Imdn = {
  kind: 'imdn',
  messageId: 'Qx81-Lk',
  dateTime: '2026-03-02T18:20:11.500Z',
  recipientUri: 'tel:+15550142',
  notification: { kind: 'delivery', status: 'delivered' },
};

function document(inner: string, attributes = ''): Uint8Array {
  return encodeText(
    `<imdn xmlns="urn:ietf:params:xml:ns:imdn"${attributes}><message-id>m</message-id><datetime>2026-03-02T18:20:11Z</datetime>${inner}</imdn>`,
  );
}

function notificationIn(octets: Uint8Array): ImdnNotification | string {
  const result = parseImdn(octets);
  return result.kind === 'imdn' ? result.notification : result.code;
}

test('a delivery notification stands on the wire as RFC 5438 draws it', () => {
  assert.deepEqual(decodeText(formatImdn(delivered)).split('\r\n'), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<imdn xmlns="urn:ietf:params:xml:ns:imdn">',
    ' <message-id>Qx81-Lk</message-id>',
    ' <datetime>2026-03-02T18:20:11.500Z</datetime>',
    ' <recipient-uri>tel:+15550142</recipient-uri>',
    ' <delivery-notification><status><delivered/></status></delivery-notification>',
    '</imdn>',
  ]);
});

test('every notification and every status survives writing and reading', () => {
  const notifications: readonly ImdnNotification[] = [
    ...(['delivered', 'failed', 'forbidden', 'error'] as const).map((status) => ({ kind: 'delivery' as const, status })),
    ...(['displayed', 'forbidden', 'error'] as const).map((status) => ({ kind: 'display' as const, status })),
    ...(['processed', 'stored', 'forbidden', 'error'] as const).map((status) => ({ kind: 'processing' as const, status })),
    ...(['legacy-sms', 'legacy-mms', 'error'] as const).map((status) => ({ kind: 'interworking' as const, status })),
  ];
  for (const notification of notifications) {
    const imdn: Imdn = { ...delivered, originalRecipientUri: 'sip:list@example.org', subject: 'tea', notification };
    assert.deepEqual(parseImdn(formatImdn(imdn)), imdn);
  }
});

test('any text survives in a notification', () => {
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((value) => !/[\p{Cc}\ufffe\uffff]/u.test(value) && value.trim() === value);
  fc.assert(
    fc.property(text, text, text, (messageId, subject, recipientUri) => {
      const imdn: Imdn = { ...delivered, messageId, subject, recipientUri };
      assert.deepEqual(parseImdn(formatImdn(imdn)), imdn);
    }),
  );
});

test('text that XML cannot carry does not break the document', () => {
  const result = parseImdn(formatImdn({ ...delivered, subject: 'a\u0000b\ud800<&]]>' }));
  assert.equal(result.kind === 'imdn' && result.subject, 'a\ufffdb\ufffd<&]]>');
});

test('an interworking notification is read wholly in the extension namespace and with only its leaf there', () => {
  const cpm = ' xmlns:cpm="urn:oma:xml:cpm:imdn-extensions:1.0"';
  const expected = { kind: 'interworking', status: 'legacy-mms' };
  const whole = '<cpm:interworking-notification><cpm:status><cpm:legacy-mms/></cpm:status></cpm:interworking-notification>';
  const leaf = '<interworking-notification><status><cpm:legacy-mms/></status></interworking-notification>';
  assert.deepEqual(notificationIn(document(whole, cpm)), expected);
  assert.deepEqual(notificationIn(document(leaf, cpm)), expected);
});

test('an interworking notification is written wholly in the extension namespace', () => {
  const text = decodeText(formatImdn({ ...delivered, notification: { kind: 'interworking', status: 'legacy-sms' } }));
  assert.match(text, /xmlns:cpm="urn:oma:xml:cpm:imdn-extensions:1\.0"/);
  assert.match(text, /<cpm:interworking-notification><cpm:status><cpm:legacy-sms\/><\/cpm:status><\/cpm:interworking-notification>/);
});

test('prefixes, comments, extensions and surrounding blanks are read over', () => {
  const text = `\ufeff\r\n<?xml version="1.0"?><!-- x --><i:imdn xmlns:i="urn:ietf:params:xml:ns:imdn" xmlns:x="urn:example:x">
    <x:message-id>not this</x:message-id><i:message-id> m<![CDATA[&]]>1 </i:message-id><i:datetime>2026-03-02T18:20:11Z</i:datetime>
    <x:more/><i:display-notification><i:status><x:hint/><i:displayed/></i:status></i:display-notification></i:imdn>\r\n`;
  const result = parseImdn(encodeText(text));
  assert.deepEqual(result, {
    kind: 'imdn',
    messageId: 'm&1',
    dateTime: '2026-03-02T18:20:11Z',
    notification: { kind: 'display', status: 'displayed' },
  });
});

test('a document without id, time, notification or known status is a problem', () => {
  const ns = 'xmlns="urn:ietf:params:xml:ns:imdn"';
  const note = '<display-notification><status><displayed/></status></display-notification>';
  assert.equal(notificationIn(document('')), 'missing');
  assert.equal(notificationIn(document('<display-notification><status><delivered/></status></display-notification>')), 'missing');
  assert.equal(notificationIn(encodeText(`<imdn ${ns}><datetime>x</datetime>${note}</imdn>`)), 'missing');
  assert.equal(notificationIn(encodeText(`<imdn ${ns}><message-id>x</message-id>${note}</imdn>`)), 'missing');
  assert.equal(notificationIn(encodeText('<imdn/>')), 'unsupported');
});

test('a document type declaration is refused, so no entity of a peer is expanded', () => {
  const text = `<!DOCTYPE imdn [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${decodeText(document('<subject>&b;</subject>'))}`;
  assert.equal(notificationIn(encodeText(text)), 'unsupported');
  assert.equal(notificationIn(document('<subject>&b;</subject>')), 'malformed');
  assert.equal(notificationIn(document('<subject>&constructor;</subject>')), 'malformed');
});

test('size, depth and number of elements are bounded', () => {
  assert.equal(notificationIn(document(' '.repeat(imdnLimits.maxOctets))), 'too-large');
  assert.equal(notificationIn(document('<a>'.repeat(imdnLimits.maxDepth))), 'too-deep');
  assert.equal(notificationIn(document('<a/>'.repeat(imdnLimits.maxElements))), 'too-many');
});

test('what is no XML in UTF-8 is malformed', () => {
  const cases = ['', 'hello', '<imdn', '<a></b>', '<a/><b/>', '<p:a/>', '&amp;', '<a>&#x110000;</a>'].map(encodeText);
  for (const octets of [...cases, new Uint8Array([0x3c, 0x61, 0x3e, 0xff]), new Uint8Array([0xff, 0xfe, 0x3c, 0x00])]) {
    assert.equal(notificationIn(octets), 'malformed', decodeText(octets));
  }
});

test('an aggregate is read part by part, and a bad part does not hide the good ones', () => {
  const wrapped = composeCpim({
    from: { uri: 'tel:+1' },
    to: [{ uri: 'tel:+2' }],
    dateTime: '2026-03-02T18:20:11Z',
    contentType: contentType('message/imdn+xml'),
    contentDisposition: 'notification',
    content: formatImdn({ ...delivered, messageId: 'second' }),
  });
  const parts = [
    { mimeHeaders: [{ name: 'content-type', value: 'Message/IMDN+XML' }], content: formatImdn(delivered) },
    { mimeHeaders: [{ name: 'Content-Type', value: 'message/cpim' }], content: formatCpim(wrapped) },
    { mimeHeaders: [{ name: 'Content-Type', value: 'message/imdn+xml' }], content: encodeText('<imdn') },
    { mimeHeaders: [{ name: 'Content-Type', value: 'text/plain' }], content: encodeText('hello') },
  ];
  const type = contentType('multipart/mixed', new Map([['boundary', 'x y']]));
  const reading = parseImdns(type, formatMultipart({ boundary: 'x y', parts }));
  assert.deepEqual(
    reading.imdns.map((imdn) => imdn.messageId),
    ['Qx81-Lk', 'second'],
  );
  assert.deepEqual(
    reading.problems.map((problem) => problem.code),
    ['malformed'],
  );
});

test('a body of one notification is an aggregate of one, and a broken multipart a problem', () => {
  assert.deepEqual(parseImdns(contentType('message/imdn+xml'), formatImdn(delivered)), { imdns: [delivered], problems: [] });
  const type = parseContentType('multipart/mixed;boundary=b');
  assert.ok(type.kind === 'content-type');
  const reading = parseImdns(type, joinOctets([encodeText('--c\r\n\r\n'), formatImdn(delivered)]));
  assert.deepEqual([reading.imdns.length, reading.problems[0]?.code], [0, 'missing']);
});
