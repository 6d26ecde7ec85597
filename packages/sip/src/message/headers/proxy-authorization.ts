import { defineHeader, type HeaderField } from '../header-field.ts';
import { type Credentials, decodeCredentials, encodeCredentials } from './digest-credentials.ts';

/** Proxy-Authorization (RFC 3261 §20.28). One value a line: RFC 3261 §7.3.1 lets no commas join them. */
export const proxyAuthorizationHeader: HeaderField<Credentials> = defineHeader({
  name: 'Proxy-Authorization',
  decode: decodeCredentials,
  encode: encodeCredentials,
});
