import { isToken } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** Privacy (RFC 3323 §4.2): priv-values in lower case. Commas are taken for the semicolons that many forget. */
export const privacyHeader: HeaderField<readonly string[]> = defineHeader({
  name: 'Privacy',
  decode(text) {
    const values = text
      .split(';')
      .flatMap((part) => part.split(','))
      .map((part) => part.trim().toLowerCase());
    return values.every(isToken) ? values : new Malformed('a malformed priv-value');
  },
  encode: (values) => values.join(';'),
});
