import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderBlock } from './header-block.ts';
import { HeaderReader, scanHeaderBlock } from './header-block.ts';
import { formatField } from './header-field.ts';
import { decodeText, encodeText, joinOctets } from './octets.ts';
import type { PayloadProblem } from './problem.ts';

function scan(text: string, limits = { maxOctets: 1000, maxFields: 10 }): HeaderBlock | PayloadProblem {
  return scanHeaderBlock(encodeText(text), 0, limits);
}

function namesAndValues(block: HeaderBlock | PayloadProblem): readonly (readonly [string, string])[] {
  assert.equal(block.kind, 'header-block');
  return block.fields.map((field) => [field.name, field.value] as const);
}

test('a header block keeps names as written, in order, and ends behind the empty line', () => {
  const block = scan('Content-type: text/plain\r\nX-Thing:1\r\n\r\nrest');
  assert.deepEqual(namesAndValues(block), [
    ['Content-type', 'text/plain'],
    ['X-Thing', '1'],
  ]);
  assert.ok(block.kind === 'header-block' && block.terminated);
  assert.equal(block.end, 'Content-type: text/plain\r\nX-Thing:1\r\n\r\n'.length);
});

test('a header block with LF line ends and folded values is read, and written with CRLF', () => {
  const block = scan('A: one\n\ttwo\n three\nB: 4\n\n');
  assert.deepEqual(namesAndValues(block), [
    ['A', 'one\ttwo three'],
    ['B', '4'],
  ]);
  assert.ok(block.kind === 'header-block');
  assert.equal(decodeText(joinOctets(block.fields.flatMap(formatField))), 'A: one\r\n\ttwo\r\n three\r\nB: 4\r\n');
});

test('a header block without an empty line ends with the octets', () => {
  const block = scan('A: 1\r\nB: 2');
  assert.deepEqual(namesAndValues(block), [
    ['A', '1'],
    ['B', '2'],
  ]);
  assert.ok(block.kind === 'header-block' && !block.terminated);
});

test('values after multibyte characters and after octets that are no UTF-8 are cut at the right places', () => {
  assert.deepEqual(namesAndValues(scan('A: żółć €\r\nB: 😀 smile\r\nC: plain\r\n\r\n')), [
    ['A', 'żółć €'],
    ['B', '😀 smile'],
    ['C', 'plain'],
  ]);
  const octets = joinOctets([encodeText('A: '), new Uint8Array([0xff, 0xc3, 0x28]), encodeText('é\r\nB: 2\r\n\r\n')]);
  const block = scanHeaderBlock(octets, 0);
  assert.equal(namesAndValues(block)[1]?.[1], '2');
  assert.ok(block.kind === 'header-block');
  assert.deepEqual(joinOctets(block.fields.flatMap(formatField)), octets.subarray(0, octets.length - 2));
});

test('a line without a name is malformed and named by its offset', () => {
  for (const line of ['no colon here', ': no name', 'two words: x', ' folded first: x', 'nön: x']) {
    const problem = scan(`${line}\r\n\r\n`);
    assert.deepEqual(
      { kind: problem.kind, offset: 'offset' in problem ? problem.offset : -1 },
      { kind: 'payload-problem', offset: 0 },
      line,
    );
  }
  const second = scan('A: 1\r\nbad\r\n\r\n');
  assert.equal('offset' in second ? second.offset : -1, 6);
});

test('a header block above its limits is refused', () => {
  const tooMany = scan('A: 1\r\n'.repeat(11));
  assert.equal('code' in tooMany && tooMany.code, 'too-many');
  const tooLarge = scan(`A: ${'x'.repeat(1000)}\r\n\r\n`);
  assert.equal('code' in tooLarge && tooLarge.code, 'too-large');
  assert.equal(scan('A: 1\r\n'.repeat(10)).kind, 'header-block');
});

test('a passed limit is named even behind a line without a name', () => {
  const tooMany = scan(`bad\r\n${'A: 1\r\n'.repeat(10)}`);
  assert.deepEqual('code' in tooMany && [tooMany.code, tooMany.offset], ['too-many', 5 + 9 * 6]);
  const tooLarge = scan(`bad\r\nA: 1\r\n ${'x'.repeat(1000)}`);
  assert.deepEqual('code' in tooLarge && [tooLarge.code, tooLarge.offset], ['too-large', 11]);
});

test('blocks behind each other are read alike, however many of them were expected', () => {
  const octets = encodeText('A: ż\r\nB: 2\r\n 3\r\n\r\nC: 😀\n\nD:4\r\n\r\nrest');
  for (const expected of [1, 2, 3, 4]) {
    const reader = new HeaderReader(octets, 0, 1000, expected);
    const blocks = [reader.readBlock(10), reader.readBlock(10), reader.readBlock(10)];
    assert.deepEqual(blocks.map(namesAndValues), [
      [
        ['A', 'ż'],
        ['B', '2 3'],
      ],
      [['C', '😀']],
      [['D', '4']],
    ]);
    const written = blocks.flatMap((block) => (block.kind === 'header-block' ? block.fields.flatMap(formatField) : []));
    assert.equal(decodeText(joinOctets(written)), 'A: ż\r\nB: 2\r\n 3\r\nC: 😀\r\nD:4\r\n');
    assert.deepEqual(
      blocks.map((block) => 'end' in block && block.end),
      [octets.length - 4 - 16, octets.length - 4 - 7, octets.length - 4],
    );
  }
});

test('a composed field cannot smuggle a line end', () => {
  assert.equal(decodeText(joinOctets(formatField({ name: 'A', value: 'x\r\nB: y' }))), 'A: x  B: y\r\n');
});
