import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Allow (RFC 3261 §20.5): methods, one a value. An empty header is a list of none. */
export const allowHeader: HeaderField<string> = tokenListHeader('Allow');
