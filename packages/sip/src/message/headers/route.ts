import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeBracketedNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Route (RFC 3261 §20.34). */
export const routeHeader: HeaderField<NameAddr> = defineHeader({
  name: 'Route',
  list: true,
  decode: decodeBracketedNameAddr,
  encode: encodeNameAddr,
});
