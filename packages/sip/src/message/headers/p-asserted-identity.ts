import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** P-Asserted-Identity (RFC 3325 §9.1): one value, or a sip and a tel URI. */
export const pAssertedIdentityHeader: HeaderField<NameAddr> = defineHeader({
  name: 'P-Asserted-Identity',
  list: true,
  decode: decodeNameAddr,
  encode: encodeNameAddr,
});
