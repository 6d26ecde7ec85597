import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeBracketedNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Path (RFC 3327 §4). */
export const pathHeader: HeaderField<NameAddr> = defineHeader({
  name: 'Path',
  list: true,
  decode: decodeBracketedNameAddr,
  encode: encodeNameAddr,
});
