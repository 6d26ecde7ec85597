import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeBracketedNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Service-Route (RFC 3608 §5). */
export const serviceRouteHeader: HeaderField<NameAddr> = defineHeader({
  name: 'Service-Route',
  list: true,
  decode: decodeBracketedNameAddr,
  encode: encodeNameAddr,
});
