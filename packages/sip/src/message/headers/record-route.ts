import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeBracketedNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Record-Route (RFC 3261 §20.30). */
export const recordRouteHeader: HeaderField<NameAddr> = defineHeader({
  name: 'Record-Route',
  list: true,
  decode: decodeBracketedNameAddr,
  encode: encodeNameAddr,
});
