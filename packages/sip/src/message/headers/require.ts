import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Require (RFC 3261 §20.32): option tags, one a value. */
export const requireHeader: HeaderField<string> = tokenListHeader('Require');
