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

/** A nonce that was made with this key and has not expired. */
export interface FreshNonce {
  /** Names the nonce in the table. Computed here, so that it keeps nothing of the request in memory. */
  readonly seal: string;
  readonly expirySeconds: number;
}

interface Use {
  readonly count: number;
  readonly expirySeconds: number;
}

export class Nonces {
  readonly #options: NonceOptions;
  /** The highest count of each nonce by its seal, in order of first use, which is about the order of expiry. */
  readonly #uses = new Map<string, Use>();
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

  /** Undefined for a nonce that has expired or was not made with this key. */
  check(nonce: string, nowMilliseconds: number): FreshNonce | undefined {
    const end = nonce.lastIndexOf('-');
    if (end < 0) return undefined;
    const seal = this.#seal(nonce.slice(0, end));
    const expirySeconds = Number.parseInt(nonce, 16);
    return sameText(nonce.slice(end + 1), seal) && expirySeconds * 1000 > nowMilliseconds ? { seal, expirySeconds } : undefined;
  }

  /** Takes note of a count; false when it or a higher one was used before, or might have been. */
  use({ seal, expirySeconds }: FreshNonce, count: number): boolean {
    const used = this.#uses.get(seal);
    if (used === undefined && expirySeconds <= this.#forgottenSeconds) return false;
    if (used !== undefined && count <= used.count) return false;
    this.#uses.set(seal, { count, expirySeconds });
    if (this.#uses.size > this.#options.maxCounted) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const [seal, { expirySeconds }] of this.#uses) {
      this.#uses.delete(seal);
      this.#forgottenSeconds = Math.max(this.#forgottenSeconds, expirySeconds);
      return;
    }
  }

  #seal(content: string): string {
    return this.#options.hashes.hmacHex(this.#options.key, octetsOf(content)).slice(0, sealDigits);
  }
}
