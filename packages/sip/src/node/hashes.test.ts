import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nodeHashes } from './hashes.ts';

describe('keyed digests', () => {
  const { hmacHex } = nodeHashes();

  it('are those of RFC 4231 §4.2 and §4.7', () => {
    assert.equal(
      hmacHex(Buffer.alloc(20, 0x0b), Buffer.from('Hi There')),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    assert.equal(
      hmacHex(Buffer.alloc(131, 0xaa), Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First')),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    );
  });

  it('are those of the platform for every key and text, also when a key is used again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 300 }), (key, text) => {
        const expected = createHmac('sha256', key).update(text).digest('hex');
        assert.equal(hmacHex(key, text), expected);
        assert.equal(hmacHex(key, text), expected);
      }),
    );
  });
});
