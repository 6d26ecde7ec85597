/**
 * Nonces that need no table to be recognised, with a bounded table of the counts that were used with them
 * (RFC 7616 §3.3, §5.4): expiry and randomness, sealed by a keyed digest.
 */
import type { Hashes, Random } from '../platform.ts';
import { sameText } from './constant-time.ts';
import { octetsOf } from './digest.ts';

/** Octets of randomness in a nonce: no two of one second are alike. */
const randomOctets = 8;
/** Hexadecimal digits of the seal: 128 bits. */
const sealDigits = 32;

export interface NonceOptions {
  readonly random: Random;
  readonly hashes: Hashes;
  readonly key: Uint8Array;
  readonly lifetimeSeconds: number;
  /** Nonces whose use is remembered. */
  readonly maxCounted: number;
}

export type NonceState = 'fresh' | 'expired' | 'foreign';

export class Nonces {
  readonly #options: NonceOptions;
  /** Highest count by nonce, in order of first use, which is about the order of expiry. */
  readonly #counts = new Map<string, number>();
  /** Expiry of the youngest nonce that left the table: an unknown nonce up to it may have been used before. */
  #forgottenSeconds = 0;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  issue(nowMilliseconds: number): string {
    const expirySeconds = Math.ceil(nowMilliseconds / 1000) + this.#options.lifetimeSeconds;
    let content = `${expirySeconds.toString(16)}-`;
    for (const octet of this.#options.random.bytes(randomOctets)) content += octet.toString(16).padStart(2, '0');
    return `${content}-${this.#seal(content)}`;
  }

  /** `foreign`: not made with this key. */
  check(nonce: string, nowMilliseconds: number): NonceState {
    const end = nonce.lastIndexOf('-');
    if (end < 0 || !sameText(nonce.slice(end + 1), this.#seal(nonce.slice(0, end)))) return 'foreign';
    return expiryOf(nonce) * 1000 > nowMilliseconds ? 'fresh' : 'expired';
  }

  /** Takes note of a count; false when it or a higher one was used before, or might have been. The nonce is a fresh one. */
  use(nonce: string, count: number): boolean {
    const used = this.#counts.get(nonce);
    if (used === undefined && expiryOf(nonce) <= this.#forgottenSeconds) return false;
    if (used !== undefined && count <= used) return false;
    this.#counts.set(nonce, count);
    if (this.#counts.size > this.#options.maxCounted) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const nonce of this.#counts.keys()) {
      this.#counts.delete(nonce);
      this.#forgottenSeconds = Math.max(this.#forgottenSeconds, expiryOf(nonce));
      return;
    }
  }

  #seal(content: string): string {
    return this.#options.hashes.hmacHex(this.#options.key, octetsOf(content)).slice(0, sealDigits);
  }
}

function expiryOf(nonce: string): number {
  return Number.parseInt(nonce, 16);
}
