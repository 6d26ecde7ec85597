import { randomFillSync } from 'node:crypto';
import type { Random } from '../platform.ts';

/** Octets fetched from the generator at once; one call for each branch or nonce would cost more than the rest of it. */
const poolOctets = 4_096;

/** The operating system's generator. Every octet is handed out once. */
export function nodeRandom(): Random {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    bytes(count) {
      if (count > poolOctets) return randomFillSync(new Uint8Array(count));
      if (used + count > pool.length) {
        pool = randomFillSync(new Uint8Array(poolOctets));
        used = 0;
      }
      used += count;
      return pool.subarray(used - count, used);
    },
  };
}
