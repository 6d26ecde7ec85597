import type { HeaderField } from '../header-field.ts';
import { serviceIdentifierHeader } from './service-identifier-header.ts';

/** P-Asserted-Service (RFC 6050 §4.1). */
export const pAssertedServiceHeader: HeaderField<string> = serviceIdentifierHeader('P-Asserted-Service');
