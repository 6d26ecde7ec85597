import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import type { Parameters } from '../parameters.ts';
import { decodeFeatureSet, encodeFeatureSet } from './feature-set.ts';

export interface AcceptContact {
  /** Feature tags as written, such as `+g.3gpp.icsi-ref`; percent-encoding inside their values is kept. */
  readonly parameters: Parameters;
  readonly require: boolean;
  readonly explicit: boolean;
}

/** Accept-Contact (RFC 3841 §9.2). */
export const acceptContactHeader: HeaderField<AcceptContact> = defineHeader({
  name: 'Accept-Contact',
  compact: 'a',
  list: true,
  decode(text) {
    const features = decodeFeatureSet(text);
    if (features instanceof Malformed) return features;
    const parameters = features.without('require', 'explicit');
    return { parameters, require: features.has('require'), explicit: features.has('explicit') };
  },
  encode({ parameters, require, explicit }) {
    return `${encodeFeatureSet(parameters)}${require ? ';require' : ''}${explicit ? ';explicit' : ''}`;
  },
});
