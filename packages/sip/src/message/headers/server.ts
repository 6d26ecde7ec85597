import type { HeaderField } from '../header-field.ts';
import { textHeader } from './text-header.ts';

/** Server (RFC 3261 §20.35). */
export const serverHeader: HeaderField<string> = textHeader('Server');
