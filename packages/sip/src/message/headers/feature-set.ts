import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';

/** Feature tags as written, such as `+g.3gpp.icsi-ref`, with their values; Parameters are one. */
export type FeatureSet = Iterable<readonly [name: string, value: string | true]>;

/** Reads `*;feature;feature="value"`, which Accept-Contact and Reject-Contact share. Values stay as written. */
export function decodeFeatureSet(text: string): Parameters | Malformed {
  const reader = new Reader(text);
  return reader.separator('*') ? reader.parameters() : new Malformed('a feature set without its star');
}

/** Writes features with their values in quotes, as RFC 3840 §9 has them. */
export function encodeFeatureSet(features: FeatureSet): string {
  let quoted = Parameters.empty;
  for (const [name, value] of features) quoted = value === true ? quoted.with(name, true) : quoted.withQuoted(name, value);
  return `*${quoted}`;
}
