import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Supported (RFC 3261 §20.37): option tags, one a value. */
export const supportedHeader: HeaderField<string> = tokenListHeader('Supported', 'k');
