import type { Random } from '@opencpm/sip';

/** The identifiers that a world makes up, in the shapes that the real ones have. */
export interface VirtualIds {
  /** 32 lower-case hexadecimal digits. */
  unique(): string;
  /** A UUID of version 4 (RFC 9562 §5.4). */
  uuid(): string;
  /** A SIP tag of 64 bits (RFC 3261 §19.3 asks for 32 at least). */
  tag(): string;
  /** 12 hexadecimal digits of the time, 4 of a count and 32 random ones: sorts as it was made. */
  ordered(nowMilliseconds: number): string;
}

/** Identifiers that follow from the random source alone. */
export function virtualIds(random: Random): VirtualIds {
  let count = 0;
  return {
    unique: () => hexDigits(random.bytes(16)),
    uuid: () => uuidText(random.bytes(16)),
    tag: () => hexDigits(random.bytes(8)),
    ordered(nowMilliseconds) {
      count = (count + 1) % 0x10000;
      return `${Math.trunc(nowMilliseconds).toString(16).padStart(12, '0')}${count.toString(16).padStart(4, '0')}${hexDigits(random.bytes(16))}`;
    },
  };
}

function uuidText(octets: Uint8Array): string {
  const marked = octets.slice();
  marked[6] = ((marked[6] ?? 0) & 0x0f) | 0x40;
  marked[8] = ((marked[8] ?? 0) & 0x3f) | 0x80;
  const digits = hexDigits(marked);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}

function hexDigits(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}
