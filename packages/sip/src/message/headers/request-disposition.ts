import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Request-Disposition (RFC 3841 §9.1): directives, one a value. */
export const requestDispositionHeader: HeaderField<string> = tokenListHeader('Request-Disposition', 'd');
