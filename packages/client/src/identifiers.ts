import type { Random } from '@opencpm/sip';

/** The identifiers that a client makes up. None of them tells anything about user or device. */
export interface Identifiers {
  /** Conversation-ID, instance: a UUID of version 4 (RFC 9562 §5.4). */
  uuid(): string;
  /** Contribution-ID, Call-ID: 32 hexadecimal digits (RFC 7989 §4.1). */
  digits32(): string;
  /** imdn.Message-ID: a token that no other message has (RFC 5438 §6.3 asks for 64 random bits). */
  messageId(): string;
  /** A tag (RFC 3261 §19.3 asks for 32 random bits) or cnonce. */
  tag(): string;
}

export function identifiers(random: Random): Identifiers {
  return {
    uuid: () => uuidText(random.bytes(16)),
    digits32: () => hexadecimal(random.bytes(16)),
    messageId: () => hexadecimal(random.bytes(12)),
    tag: () => hexadecimal(random.bytes(8)),
  };
}

function uuidText(octets: Uint8Array): string {
  const marked = octets.slice();
  marked[6] = ((marked[6] ?? 0) & 0x0f) | 0x40;
  marked[8] = ((marked[8] ?? 0) & 0x3f) | 0x80;
  const digits = hexadecimal(marked);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}

function hexadecimal(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}
