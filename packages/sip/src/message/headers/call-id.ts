import { blank, isIn } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** Call-ID (RFC 3261 §20.8): compared octet by octet. Any characters without blanks are taken. */
export const callIdHeader: HeaderField<string> = defineHeader({
  name: 'Call-ID',
  compact: 'i',
  decode: (text) => (text.length > 0 && !hasBlank(text) ? text : new Malformed('not a word')),
  encode: (value) => value,
});

function hasBlank(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (isIn(text.charCodeAt(index), blank)) return true;
  }
  return false;
}
