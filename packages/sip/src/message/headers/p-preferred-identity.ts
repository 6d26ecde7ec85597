import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** P-Preferred-Identity (RFC 3325 §9.2). */
export const pPreferredIdentityHeader: HeaderField<NameAddr> = defineHeader({
  name: 'P-Preferred-Identity',
  list: true,
  decode: decodeNameAddr,
  encode: encodeNameAddr,
});
