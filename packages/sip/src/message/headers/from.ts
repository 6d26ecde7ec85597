import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeTaggedAddress, encodeTaggedAddress, type TaggedAddress } from './tagged-address.ts';

/** From (RFC 3261 §20.20). */
export const fromHeader: HeaderField<TaggedAddress> = defineHeader({
  name: 'From',
  compact: 'f',
  decode: decodeTaggedAddress,
  encode: encodeTaggedAddress,
});
