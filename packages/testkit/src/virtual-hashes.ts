import { createHash, createHmac } from 'node:crypto';
import type { Hashes } from '@opencpm/sip';

/** The real digests: they are pure functions, so a simulation needs no others. `hmacHex` is HMAC-SHA-256. */
export function virtualHashes(): Hashes {
  return {
    hex: (algorithm, text) =>
      createHash(algorithm === 'md5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex'),
    hmacHex: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}
