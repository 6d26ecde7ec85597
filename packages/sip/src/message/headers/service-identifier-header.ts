import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** A header that is a list of service identifiers (RFC 6050 §4.1), URNs kept as written. */
export function serviceIdentifierHeader(name: string): HeaderField<string> {
  return defineHeader({
    name,
    list: true,
    decode: (text) => (text.slice(0, 4).toLowerCase() === 'urn:' && !hasBlanks(text) ? text : new Malformed('not a URN')),
    encode: (value) => value,
  });
}

function hasBlanks(text: string): boolean {
  return [' ', '\t', '\r', '\n'].some((character) => text.includes(character));
}
