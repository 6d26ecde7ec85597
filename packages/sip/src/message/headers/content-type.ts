import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeMediaType, encodeMediaType, type MediaType } from './media-type.ts';

/** Content-Type (RFC 3261 §20.15). */
export const contentTypeHeader: HeaderField<MediaType> = defineHeader({
  name: 'Content-Type',
  compact: 'c',
  decode: decodeMediaType,
  encode: encodeMediaType,
});
