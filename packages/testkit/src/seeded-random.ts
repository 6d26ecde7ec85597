import { createHash } from 'node:crypto';
import type { Random } from '@opencpm/sip';

type Words = readonly [number, number, number, number];

/**
 * Random numbers that a seed reproduces: the generator xoshiro128** (Blackman and Vigna, 2018), whose four words of
 * state are the first 16 octets of the seed's SHA-256, so that near seeds give unlike sequences. Not for secrets.
 *
 * `fork(label)` gives a stream of its own that depends on seed and label only: one more draw in one part of a world
 * does not shift what the others get.
 */
export class SeededRandom implements Random {
  readonly seed: string;
  #state: Words;

  constructor(seed: number | string) {
    this.seed = String(seed);
    this.#state = stateOf(this.seed);
  }

  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${label}`);
  }

  /** The generator's next 32 bits, 0 to 2^32 - 1. */
  word(): number {
    const [s0, s1, s2, s3] = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const mixed2 = s2 ^ s0;
    const mixed3 = s3 ^ s1;
    this.#state = [s0 ^ mixed3, s1 ^ mixed2, mixed2 ^ (s1 << 9), rotateLeft(mixed3, 11)];
    return result;
  }

  bytes(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    let word = 0;
    for (let index = 0; index < count; index += 1) {
      word = index % 4 === 0 ? this.word() : word >>> 8;
      octets[index] = word & 0xff;
    }
    return octets;
  }

  /** A whole number from 0 to `bound` - 1, each as likely; `bound` is 1 to 2^32. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new Error(`integer needs a bound of 1 to 2^32, got ${bound}`);
    const firstUneven = 2 ** 32 - (2 ** 32 % bound);
    let word = this.word();
    while (word >= firstUneven) word = this.word();
    return word % bound;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.integer(most - least + 1);
  }

  /** True with this probability, 0 to 1. A draw is made in any case, so that a changed probability shifts nothing. */
  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list.length === 0 ? [] : list.slice(this.integer(list.length));
    for (const element of picked) return element;
    throw new Error('cannot pick from an empty list');
  }
}

function stateOf(seed: string): Words {
  const digest = createHash('sha256').update(seed, 'utf8').digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12)];
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
