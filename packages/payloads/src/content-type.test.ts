import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ContentType } from './content-type.ts';
import { contentType, formatContentType, mediaType, parseContentDisposition, parseContentType } from './content-type.ts';

function parsed(text: string): ContentType {
  const result = parseContentType(text);
  assert.ok(result.kind === 'content-type', text);
  return result;
}

test('type, subtype and parameter names are compared without case, values keep theirs', () => {
  const value = parsed('Message/CPIM; Charset=UTF-8');
  assert.equal(mediaType(value), 'message/cpim');
  assert.deepEqual([...value.parameters], [['charset', 'UTF-8']]);
});

test('quoted parameter values may hold semicolons, escapes and blanks', () => {
  const value = parsed('multipart/mixed ; boundary = "a;b \\"c\\\\" ;x=1');
  assert.deepEqual(
    [...value.parameters],
    [
      ['boundary', 'a;b "c\\'],
      ['x', '1'],
    ],
  );
});

test('an unquoted value with characters that want quotes, a lone name and an open quote are tolerated', () => {
  const value = parsed('multipart/mixed;boundary=----=_1?x;flag;;last="open');
  assert.deepEqual(
    [...value.parameters],
    [
      ['boundary', '----=_1?x'],
      ['flag', ''],
      ['last', 'open'],
    ],
  );
});

test('of two parameters with one name the first counts', () => {
  assert.equal(parsed('a/b;x=1;X=2').parameters.get('x'), '1');
});

test('a media type without subtype, with blanks inside or with two slashes is malformed', () => {
  for (const text of ['', 'text', 'text/', '/plain', 'te xt/plain', 'a/b/c', ';charset=utf-8']) {
    assert.equal(parseContentType(text).kind, 'payload-problem', text);
  }
});

test('a media type of the program that is none throws', () => {
  assert.throws(() => contentType('plain'), TypeError);
});

test('a content type survives writing and reading', () => {
  const token = fc.stringMatching(/^[a-z0-9!#$&^_.+-]{1,20}$/);
  const text = fc.string({ unit: 'grapheme', maxLength: 30 }).map((value) => value.replace(/\p{Cc}/gu, ''));
  fc.assert(
    fc.property(token, token, fc.array(fc.tuple(token, text), { maxLength: 5 }), (type, subtype, parameters) => {
      const value = contentType(`${type}/${subtype}`, new Map(parameters));
      assert.deepEqual(parseContentType(formatContentType(value)), value);
    }),
  );
});

test('a disposition is read with its parameters', () => {
  const value = parseContentDisposition('Recipient-List-History; handling=optional');
  assert.equal(value?.disposition, 'recipient-list-history');
  assert.equal(value?.parameters.get('handling'), 'optional');
  assert.equal(parseContentDisposition(';x=y'), undefined);
});
