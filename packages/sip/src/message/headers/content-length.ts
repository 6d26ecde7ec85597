import type { HeaderField } from '../header-field.ts';
import { numberHeader } from './number-header.ts';

/** Content-Length (RFC 3261 §20.14), in octets. serializeMessage sets it right by itself. */
export const contentLengthHeader: HeaderField<number> = numberHeader('Content-Length', Number.MAX_SAFE_INTEGER, 'l');
