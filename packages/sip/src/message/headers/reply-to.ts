import { defineHeader, type HeaderField } from '../header-field.ts';
import { decodeNameAddr, encodeNameAddr, type NameAddr } from './name-addr.ts';

/** Reply-To (RFC 3261 §20.31). */
export const replyToHeader: HeaderField<NameAddr> = defineHeader({ name: 'Reply-To', decode: decodeNameAddr, encode: encodeNameAddr });
