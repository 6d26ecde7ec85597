import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeTaggedAddress, encodeTaggedAddress, type TaggedAddress } from './tagged-address.ts';

/** To (RFC 3261 §20.39). */
export const toHeader: HeaderField<TaggedAddress> = defineHeader({
  name: 'To',
  compact: 't',
  decode: decodeTaggedAddress,
  encode: encodeTaggedAddress,
});
