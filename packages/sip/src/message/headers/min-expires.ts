import type { HeaderField } from '../header-field.ts';
import { deltaSecondsHeader } from './number-header.ts';

/** Min-Expires (RFC 3261 §20.23), in seconds. */
export const minExpiresHeader: HeaderField<number> = deltaSecondsHeader('Min-Expires');
