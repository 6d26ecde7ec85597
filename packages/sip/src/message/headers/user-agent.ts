import type { HeaderField } from '../header-field.ts';
import { textHeader } from './text-header.ts';

/** User-Agent (RFC 3261 §20.41). */
export const userAgentHeader: HeaderField<string> = textHeader('User-Agent');
