import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ContentType } from './content-type.ts';
import { contentType, mediaType } from './content-type.ts';
import { contentTypeOf, mimeHeader } from './mime-entity.ts';
import type { Multipart } from './multipart.ts';
import { boundaryFits, formatMultipart, leafEntities, multipartLimits, parseMultipart, partOfType } from './multipart.ts';
import { decodeText, encodeText } from './octets.ts';

function mixed(boundary: string): ContentType {
  return contentType('multipart/mixed', new Map([['boundary', boundary]]));
}

function parsed(text: string, boundary = 'b1'): Multipart {
  const result = parseMultipart(mixed(boundary), encodeText(text));
  assert.ok(result.kind === 'multipart', JSON.stringify(result));
  return result;
}

function contents(multipart: Multipart): readonly string[] {
  return multipart.parts.map((part) => decodeText(part.content));
}

const recipientList = [
  '--b1',
  'Content-Type: message/cpim',
  '',
  'From: <sip:ada@ims.example.org>',
  '',
  'Content-Type: text/plain',
  '',
  'hello all',
  '--b1',
  'content-type: application/resource-lists+xml',
  'Content-Disposition: recipient-list',
  'X-Odd:kept',
  '',
  '<resource-lists/>',
  '--b1--',
].join('\r\n');

test('a message with a recipient list falls into its two parts, found by type', () => {
  const multipart = parsed(recipientList);
  const list = partOfType(multipart, 'application/resource-lists+xml');
  assert.ok(list);
  assert.equal(decodeText(list.content), '<resource-lists/>');
  assert.equal(mimeHeader(list, 'content-disposition'), 'recipient-list');
  assert.equal(list.offset, recipientList.indexOf('content-type: application'));
  assert.match(contents(multipart)[0] ?? '', /^From: .*hello all$/s);
  assert.equal(partOfType(multipart, 'text/html'), undefined);
});

test('an untouched multipart is written as it came, preamble and epilogue included', () => {
  for (const text of [recipientList, `first\r\nlines\r\n${recipientList}\r\nlast\r\n`]) {
    assert.equal(decodeText(formatMultipart(parsed(text))), text);
  }
});

test('parts are views of the octets that came, not copies', () => {
  const octets = encodeText(recipientList);
  const multipart = parseMultipart(mixed('b1'), octets);
  assert.ok(multipart.kind === 'multipart');
  for (const part of multipart.parts) assert.equal(part.content.buffer, octets.buffer);
});

test('preamble and epilogue stay apart from the parts', () => {
  const multipart = parsed('before\r\n--b1\r\n\r\none\r\n--b1--\r\nafter\r\n--b1\r\n\r\nno part');
  assert.equal(decodeText(multipart.preamble), 'before');
  assert.equal(decodeText(multipart.epilogue), 'after\r\n--b1\r\n\r\nno part');
  assert.deepEqual(contents(multipart), ['one']);
});

test('a missing closing boundary ends the last part with the octets', () => {
  const multipart = parsed('--b1\r\n\r\none\r\n--b1\r\nA: 1\r\n\r\ntwo\r\n');
  assert.deepEqual(contents(multipart), ['one', 'two\r\n']);
  assert.equal(multipart.closed, false);
});

test('LF line ends, blanks behind a boundary and a first line that is no header are tolerated', () => {
  const multipart = parsed('--b1 \t\nA: 1\n\none\n--b1\nno header here\n--b1--  \n');
  assert.deepEqual(contents(multipart), ['one', 'no header here']);
  assert.ok(multipart.closed);
});

test('empty parts and parts without content are parts', () => {
  const multipart = parsed('--b1\r\n--b1\r\n\r\n--b1\r\nA: 1\r\n\r\n--b1--');
  assert.deepEqual(contents(multipart), ['', '', '']);
  assert.equal(multipart.parts[2]?.mimeHeaders[0]?.value, '1');
});

test('a boundary that begins another one is not mistaken for it', () => {
  const multipart = parsed('--b1\r\n\r\n--b10\r\nx--b1\r\n --b1\r\n--b1-\r\n--b1--x\r\n--b1--');
  assert.deepEqual(contents(multipart), ['--b10\r\nx--b1\r\n --b1\r\n--b1-\r\n--b1--x']);
});

test('single quotes around the boundary parameter are taken off when the boundary does not occur with them', () => {
  assert.deepEqual(contents(parsed('--q=?1\r\n\r\none\r\n--q=?1--', "'q=?1'")), ['one']);
  assert.deepEqual(contents(parsed("--'q'\r\n\r\none\r\n--'q'--", "'q'")), ['one']);
});

test('without a boundary parameter, or without its boundary in the body, there is no multipart', () => {
  for (const type of [contentType('multipart/mixed'), mixed(''), mixed('other'), mixed("''")]) {
    const problem = parseMultipart(type, encodeText(recipientList));
    assert.equal(problem.kind === 'payload-problem' && problem.code, 'missing');
  }
});

test('the number of parts and the headers of a part are bounded', () => {
  const problem = parseMultipart(mixed('b'), encodeText('--b\r\n\r\n'.repeat(multipartLimits.maxParts + 1)));
  assert.equal(problem.kind === 'payload-problem' && problem.code, 'too-many');
  const large = parseMultipart(mixed('b'), encodeText(`--b\r\nA: ${'x'.repeat(20_000)}\r\n\r\n--b--`));
  assert.equal(large.kind === 'payload-problem' && large.code, 'too-large');
  assert.equal(parsed('--b1\r\n\r\n'.repeat(multipartLimits.maxParts)).parts.length, multipartLimits.maxParts);
});

function nested(depth: number): string {
  const inside = depth === 1 ? '\r\nleaf' : `Content-Type: multipart/mixed;boundary=n${depth - 1}\r\n\r\n${nested(depth - 1)}`;
  return `--n${depth}\r\n${inside}\r\n--n${depth}--`;
}

test('leaves are found through nested multiparts, down to a limit', () => {
  const leaves = leafEntities(mixed('n8'), encodeText(nested(8)));
  assert.ok(Array.isArray(leaves));
  assert.deepEqual(
    leaves.map((leaf) => decodeText(leaf.content)),
    ['leaf'],
  );
  const problem = leafEntities(mixed('n9'), encodeText(nested(9)));
  assert.ok('code' in problem);
  assert.equal(problem.code, 'too-deep');
});

test('leaves are bounded over all levels together', () => {
  const inner = `Content-Type: multipart/mixed;boundary=i\r\n\r\n${'--i\r\n\r\n\r\n'.repeat(multipartLimits.maxParts)}`;
  const problem = leafEntities(mixed('o'), encodeText(`--o\r\n${inner}--i--\r\n--o\r\n\r\none more\r\n--o--`));
  assert.ok('code' in problem);
  assert.equal(problem.code, 'too-many');
});

test('a body that is no multipart is its own only leaf', () => {
  const leaves = leafEntities(contentType('text/html'), encodeText('hi'));
  assert.ok(Array.isArray(leaves));
  assert.deepEqual(
    leaves.map((leaf) => mediaType(leaf.type)),
    ['text/html'],
  );
});

test('a boundary that occurs in a part does not fit, and writing with it throws', () => {
  const parts = [{ mimeHeaders: [], content: encodeText('x\n--b\ny') }];
  assert.equal(boundaryFits('b', parts), false);
  assert.equal(boundaryFits('bb', parts), true);
  assert.throws(() => formatMultipart({ boundary: 'b', parts }), TypeError);
});

const field = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).filter((name) => name.toLowerCase() !== 'content-length'),
    value: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((value) => value.trim()),
  },
  { noNullPrototype: true },
);
const content = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.string({ maxLength: 30 }).map(encodeText),
  fc.constantFrom('\r\n', '\n--', '--').map(encodeText),
);
const entity = fc.record({ mimeHeaders: fc.array(field, { maxLength: 3 }), content });

test('parts of any content survive writing and reading', () => {
  fc.assert(
    fc.property(fc.array(entity, { minLength: 1, maxLength: 5 }), content, (parts, preamble) => {
      const boundary = 'kept-apart';
      const written = formatMultipart({ boundary, parts, preamble });
      const read = parseMultipart(mixed(boundary), written);
      assert.ok(read.kind === 'multipart');
      assert.deepEqual(
        read.parts.map((part) => [part.mimeHeaders.map(({ name, value }) => ({ name, value })), [...part.content]]),
        parts.map((part) => [part.mimeHeaders, [...part.content]]),
      );
      assert.deepEqual(formatMultipart(read), written);
      assert.deepEqual(contentTypeOf(read.parts[0] ?? { mimeHeaders: [], content: preamble }).kind, 'content-type');
    }),
  );
});
