import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Referred-By (RFC 3892 §3). */
export const referredByHeader: HeaderField<NameAddr> = defineHeader({
  name: 'Referred-By',
  compact: 'b',
  decode: decodeNameAddr,
  encode: encodeNameAddr,
});
