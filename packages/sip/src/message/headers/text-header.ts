import { defineHeader, type HeaderField } from '../header-field.ts';
import { octetsToText, textToOctets, unfold } from '../octets.ts';

/** A header that is text for people: Unicode to its users, UTF-8 on the wire. */
export function textHeader(name: string, compact?: string): HeaderField<string> {
  return defineHeader({
    name,
    ...(compact === undefined ? {} : { compact }),
    decode: (text) => octetsToText(unfold(text)),
    encode: textToOctets,
  });
}
