import type { HeaderField } from '../header-field.ts';
import { textHeader } from './text-header.ts';

/** Subject (RFC 3261 §20.36). */
export const subjectHeader: HeaderField<string> = textHeader('Subject', 's');
