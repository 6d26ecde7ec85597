import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import type { Parameters } from '../parameters.ts';
import { decodeFeatureSet, encodeFeatureSet } from './feature-set.ts';

export interface RejectContact {
  /** Feature tags as written. */
  readonly parameters: Parameters;
}

/** Reject-Contact (RFC 3841 §9.2). */
export const rejectContactHeader: HeaderField<RejectContact> = defineHeader({
  name: 'Reject-Contact',
  compact: 'j',
  list: true,
  decode(text) {
    const parameters = decodeFeatureSet(text);
    return parameters instanceof Malformed ? parameters : { parameters };
  },
  encode: (value) => encodeFeatureSet(value.parameters),
});
