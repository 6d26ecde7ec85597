import type { HeaderField } from '../header-field.ts';
import { deltaSecondsHeader } from './number-header.ts';

/** Expires (RFC 3261 §20.19), in seconds. */
export const expiresHeader: HeaderField<number> = deltaSecondsHeader('Expires');
