import { defineHeader, type HeaderField } from '../header-field.ts';
import { type Challenge, decodeChallenge, encodeChallenge } from './digest-challenge.ts';

/** Proxy-Authenticate (RFC 3261 §20.27). One value a line: RFC 3261 §7.3.1 lets no commas join them. */
export const proxyAuthenticateHeader: HeaderField<Challenge> = defineHeader({
  name: 'Proxy-Authenticate',
  decode: decodeChallenge,
  encode: encodeChallenge,
});
