import * as sip from '@opencpm/sip';

/** Every typed header that the library has. */
export const typedHeaders: readonly sip.HeaderField<unknown>[] = Object.values<unknown>(sip).filter(isHeaderField);

function isHeaderField(value: unknown): value is sip.HeaderField<unknown> {
  return typeof value === 'object' && value !== null && 'decode' in value && 'encode' in value && 'key' in value && 'list' in value;
}
