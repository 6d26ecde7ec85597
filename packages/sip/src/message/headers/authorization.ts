import { defineHeader, type HeaderField } from '../header-field.ts';
import { type Credentials, decodeCredentials, encodeCredentials } from './digest-credentials.ts';

/** Authorization (RFC 3261 §20.7). One value a line: RFC 3261 §7.3.1 lets no commas join them. */
export const authorizationHeader: HeaderField<Credentials> = defineHeader({
  name: 'Authorization',
  decode: decodeCredentials,
  encode: encodeCredentials,
});
