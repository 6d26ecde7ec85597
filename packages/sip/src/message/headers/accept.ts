import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeMediaType, encodeMediaType, type MediaType } from './media-type.ts';

/** Accept (RFC 3261 §20.1): media ranges, q among their parameters. An empty header accepts nothing. */
export const acceptHeader: HeaderField<MediaType> = defineHeader({
  name: 'Accept',
  list: true,
  decode: decodeMediaType,
  encode: encodeMediaType,
});
