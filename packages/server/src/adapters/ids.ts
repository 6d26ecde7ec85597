import type { DeliveryNames, Ids } from '@opencpm/cpm';
import type { Hashes, Random } from '@opencpm/sip';

/** Names from the platform's randomness, and delivery names from the key that all processes on a database share. */
export class PlatformIds implements Ids {
  readonly #random: Random;
  readonly #hashes: Hashes;
  #deliveryKey: string | undefined;
  #lastOrder = 0;

  constructor(random: Random, hashes: Hashes) {
    this.#random = random;
    this.#hashes = hashes;
  }

  /** The key comes from the database, which is opened after the first names were needed. */
  useDeliveryKey(hexadecimal: string): void {
    this.#deliveryKey = hexadecimal;
  }

  unique(): string {
    return hexadecimalOf(this.#random.bytes(16));
  }

  uuid(): string {
    const octets = this.#random.bytes(16);
    // Version 4, variant 10 (RFC 9562 §5.4).
    octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x40;
    octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
    const text = hexadecimalOf(octets);
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
  }

  tag(): string {
    return hexadecimalOf(this.#random.bytes(8));
  }

  /** Milliseconds times 1,000 and a counter, so that what is made later sorts later also within one millisecond. */
  ordered(now: number): string {
    this.#lastOrder = Math.max(this.#lastOrder + 1, now * 1000);
    return `${this.#lastOrder.toString(16).padStart(14, '0')}-${this.unique()}`;
  }

  deliveryNames(subject: string, client: string, attempt: number): DeliveryNames {
    if (this.#deliveryKey === undefined) throw new TypeError('the delivery key is not there yet');
    // One digest instead of the two of an HMAC, for every message: of 256 bits 192 are shown, so that nobody can extend it.
    const seal = this.#hashes.hex('sha-256', `${this.#deliveryKey}\n${subject}\n${client}\n${attempt}`);
    return { callId: seal.slice(0, 32), fromTag: seal.slice(16, 32), branch: `z9hG4bK${seal.slice(32, 48)}`, sequence: attempt + 1 };
  }
}

export function hexadecimalOf(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += twoDigits[octet] ?? '';
  return text;
}

const twoDigits: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));
