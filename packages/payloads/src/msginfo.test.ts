import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatMsginfo, type Msginfo, type MsginfoMessage, parseMsginfo } from './msginfo.ts';
import { decodeText, encodeText } from './octets.ts';

const message: MsginfoMessage = {
  reference: 'sip:4be1@pf.example.net',
  dateTime: Date.UTC(2026, 2, 2, 18, 20, 11),
  size: 412,
  expiry: Date.UTC(2026, 2, 3, 18, 20, 11),
  authenticatedOriginator: 'sip:alice@example.net',
  from: 'sip:alice@example.net',
  to: 'tel:+15550142',
};

function list(inner: string): Uint8Array {
  return encodeText(`<message-list xmlns="urn:ietf:params:xml:ns:msginfo" number="1">${inner}</message-list>`);
}

test('a list stands on the wire as wire facts 9.3 draws it', () => {
  const octets = formatMsginfo({ number: 1, messages: [{ ...message, subject: 'tea', recipients: ['sip:bob@example.net'] }] });
  assert.deepEqual(decodeText(octets).split('\r\n'), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<message-list xmlns="urn:ietf:params:xml:ns:msginfo" number="1">',
    ' <message date-time="2026-03-02T18:20:11.000Z" message-reference="sip:4be1@pf.example.net">',
    '  <size>412</size>',
    '  <expiry>2026-03-03T18:20:11.000Z</expiry>',
    '  <subject>tea</subject>',
    '  <info>',
    '   <auth-id>sip:alice@example.net</auth-id>',
    '   <from>sip:alice@example.net</from>',
    '   <to>tel:+15550142</to>',
    '   <recipient-list>',
    '    <entry uri="sip:bob@example.net"/>',
    '   </recipient-list>',
    '  </info>',
    ' </message>',
    '</message-list>',
  ]);
});

test('the outcome of an expired message is an attribute in a namespace of its own', () => {
  const octets = formatMsginfo({ number: 1, messages: [{ ...message, outcome: 'discarded' }] });
  assert.match(decodeText(octets), /xmlns:o="urn:opencpm:xml:msginfo-outcome:1\.0".* o:outcome="discarded"/s);
  const read = parseMsginfo(octets);
  assert.deepEqual(read, { kind: 'msginfo', number: 1, messages: [{ ...message, outcome: 'discarded' }] });
});

test('a summary has a number and no messages', () => {
  assert.deepEqual(parseMsginfo(formatMsginfo({ number: 40, messages: [] })), { kind: 'msginfo', number: 40, messages: [] });
});

test('an expiry in seconds counts from the arrival', () => {
  const read = parseMsginfo(list('<message date-time="2026-03-02T18:20:11Z" message-reference="sip:a@b"><expiry>60</expiry></message>'));
  assert.equal(read.kind === 'msginfo' ? read.messages[0]?.expiry : read.text, Date.UTC(2026, 2, 2, 18, 21, 11));
});

test('a message without reference, time or expiry, and another document, are problems', () => {
  const bad = [
    '<message date-time="2026-03-02T18:20:11Z"><expiry>60</expiry></message>',
    '<message message-reference="sip:a@b"><expiry>60</expiry></message>',
    '<message date-time="2026-03-02T18:20:11Z" message-reference="sip:a@b"/>',
    '<message date-time="yesterday" message-reference="sip:a@b"><expiry>60</expiry></message>',
  ];
  for (const inner of bad) assert.equal(parseMsginfo(list(inner)).kind, 'payload-problem', inner);
  assert.equal(parseMsginfo(encodeText('<message-list/>')).kind, 'payload-problem');
  assert.equal(parseMsginfo(encodeText('<message-list')).kind, 'payload-problem');
});

test('whatever stands in a list survives writing and reading', () => {
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((value) => !/[\p{Cc}\ufffe\uffff]/u.test(value) && value.trim() === value);
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const messages = fc.array(
    fc.record(
      {
        reference: text,
        dateTime: time,
        size: fc.nat(),
        expiry: time,
        subject: text,
        from: text,
        to: text,
        recipients: fc.array(text, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['reference', 'dateTime', 'size', 'expiry'], noNullPrototype: true },
    ),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(messages, fc.nat(), (some, number) => {
      const msginfo: Msginfo = { kind: 'msginfo', number, messages: some };
      assert.deepEqual(parseMsginfo(formatMsginfo(msginfo)), msginfo);
    }),
  );
});
