import type { HeaderField } from '../header-field.ts';
import { numberHeader } from './number-header.ts';

/** Max-Forwards (RFC 3261 §20.22): 0 to 255. */
export const maxForwardsHeader: HeaderField<number> = numberHeader('Max-Forwards', 255);
