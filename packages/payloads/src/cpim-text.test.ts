import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCpimAddress, parseCpimAddress } from './cpim-address.ts';
import { decodeCpimText, encodeCpimText, escapeControls, quoteCpimText } from './cpim-escape.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

test('the escapes of RFC 3862 §2.3.1 are decoded', () => {
  assert.equal(decodeCpimText('a\\b\\t\\n\\r\\"\\\'\\\\z'), 'a\b\t\n\r"\'\\z');
  assert.equal(decodeCpimText('caf\\u00E9 \\ud83d\\ude00'), 'café 😀');
});

test('a backslash before anything else stays', () => {
  for (const text of ['C:\\dir', '\\u12', '\\uZZZZ', '\\', 'x\\', '\\constructor']) assert.equal(decodeCpimText(text), text);
});

test('encoded text is one line, is not mistaken for a parameter, and decodes to itself', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const encoded = encodeCpimText(text);
      assert.ok(![...encoded].some((character) => character < ' ' || character === '\x7f'));
      assert.ok(!/^[ ;]| $/.test(encoded));
      assert.equal(decodeCpimText(encoded), text);
    }),
  );
});

test('quoted text ends at its last quote only', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const quoted = quoteCpimText(text);
      assert.equal(decodeCpimText(quoted.slice(1, -1)), text);
      assert.ok(!/(?:^|[^\\])(?:\\\\)*"/.test(quoted.slice(1, -1)));
    }),
  );
});

test('escaping controls twice is escaping them once', () => {
  assert.equal(escapeControls('a\r\nb\u0001\\n'), 'a\\r\\nb\\u0001\\n');
  assert.equal(escapeControls(escapeControls('\u007f')), '\\u007f');
});

test('an address is read with a plain name, a quoted name, no name and no brackets', () => {
  assert.deepEqual(parseCpimAddress('Ada Lovelace <sip:ada@example.com>'), { formalName: 'Ada Lovelace', uri: 'sip:ada@example.com' });
  assert.deepEqual(parseCpimAddress('"Ada \\"L\\" <x>"<im:ada@example.com>'), { formalName: 'Ada "L" <x>', uri: 'im:ada@example.com' });
  assert.deepEqual(parseCpimAddress('< tel:+15550100 >'), { uri: 'tel:+15550100' });
  assert.deepEqual(parseCpimAddress('sip:ada@example.com'), { uri: 'sip:ada@example.com' });
});

test('an address without a URI is none', () => {
  for (const value of ['', '<>', 'Ada', 'Ada <sip:ada@example.com', '"open <sip:a@b.example', 'two words: x']) {
    assert.equal(parseCpimAddress(value), undefined, value);
  }
});

test('a plain name stands without quotes, any other is quoted without a space behind it (RFC 3862 §4.1)', () => {
  assert.equal(formatCpimAddress({ formalName: 'Ada Lovelace', uri: 'sip:a@b.example' }), 'Ada Lovelace <sip:a@b.example>');
  assert.equal(formatCpimAddress({ formalName: 'Ada (L)', uri: 'sip:a@b.example' }), '"Ada (L)"<sip:a@b.example>');
  assert.equal(formatCpimAddress({ formalName: '', uri: 'tel:+1' }), '<tel:+1>');
});

test('a URI cannot end its own brackets', () => {
  assert.equal(formatCpimAddress({ uri: 'sip:a@b> <x\r\n' }), '<sip:a@b%3E%20%3Cx%0D%0A>');
});

test('an address survives writing and reading', () => {
  fc.assert(
    fc.property(anyText, fc.webUrl(), (formalName, uri) => {
      const address = formalName === '' ? { uri } : { formalName, uri };
      assert.deepEqual(parseCpimAddress(formatCpimAddress(address)), address);
    }),
  );
});
