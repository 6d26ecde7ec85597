import { defineHeader, type HeaderField } from '../header-field.ts';
import { type Challenge, decodeChallenge, encodeChallenge } from './digest-challenge.ts';

/** WWW-Authenticate (RFC 3261 §20.44). One value a line: RFC 3261 §7.3.1 lets no commas join them. */
export const wwwAuthenticateHeader: HeaderField<Challenge> = defineHeader({
  name: 'WWW-Authenticate',
  decode: decodeChallenge,
  encode: encodeChallenge,
});
