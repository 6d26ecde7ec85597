import type { HeaderField } from '../header-field.ts';
import { serviceIdentifierHeader } from './service-identifier-header.ts';

/** P-Preferred-Service (RFC 6050 §4.1). */
export const pPreferredServiceHeader: HeaderField<string> = serviceIdentifierHeader('P-Preferred-Service');
