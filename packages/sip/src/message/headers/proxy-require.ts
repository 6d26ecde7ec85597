import type { HeaderField } from '../header-field.ts';
import { tokenListHeader } from './token-list-header.ts';

/** Proxy-Require (RFC 3261 §20.29): option tags, one a value. */
export const proxyRequireHeader: HeaderField<string> = tokenListHeader('Proxy-Require');
