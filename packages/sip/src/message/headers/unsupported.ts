import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Unsupported (RFC 3261 §20.40): option tags, one a value. */
export const unsupportedHeader: HeaderField<string> = tokenListHeader('Unsupported');
