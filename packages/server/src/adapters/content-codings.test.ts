import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { nodeContentCodings } from './content-codings.ts';

describe('content codings', () => {
  const codings = nodeContentCodings(1000);
  const text = Buffer.from('see you at eight'.repeat(10));

  for (const [name, encode] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    it(`decode ${name} and say so in Accept-Encoding`, () => {
      assert.deepEqual(Buffer.from(codings.decode(name, encode(text)) ?? []), text);
      assert.ok(codings.names.includes(name));
    });
  }

  it('refuse what is not in the format, an unknown coding, and a small body that swells above the limit', () => {
    assert.equal(codings.decode('deflate', deflateRawSync(text)), undefined);
    assert.equal(codings.decode('gzip', text), undefined);
    assert.equal(codings.decode('zstd-of-tomorrow', text), undefined);
    assert.equal(codings.decode('gzip', gzipSync(Buffer.alloc(1001))), undefined);
    assert.equal(codings.decode('gzip', gzipSync(Buffer.alloc(1000)))?.length, 1000);
  });
});
