import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** P-Associated-URI (RFC 7315 §4.1). */
export const pAssociatedUriHeader: HeaderField<NameAddr> = defineHeader({
  name: 'P-Associated-URI',
  list: true,
  decode: decodeNameAddr,
  encode: encodeNameAddr,
});
