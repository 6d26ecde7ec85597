import { createHmac, hash } from 'node:crypto';
import type { Hashes } from '../platform.ts';

export function nodeHashes(): Hashes {
  return {
    hex: (algorithm, text) => hash(algorithm === 'md5' ? 'md5' : 'sha256', text, 'hex'),
    hmacHex: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}
