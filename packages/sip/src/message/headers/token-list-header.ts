import { isToken } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** A header that is a list of tokens with commas between them, kept as written. */
export function tokenListHeader(name: string, compact?: string): HeaderField<string> {
  return defineHeader({
    name,
    ...(compact === undefined ? {} : { compact }),
    list: true,
    decode: (text) => (isToken(text) ? text : new Malformed('not a token')),
    encode: (value) => value,
  });
}
