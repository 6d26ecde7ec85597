import { Malformed } from '../malformed.ts';
import type { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';

/** A media type or range, such as `text/plain` or `*` for either part. */
export interface MediaType {
  /** In lower case. */
  readonly type: string;
  /** In lower case. */
  readonly subtype: string;
  readonly parameters: Parameters;
}

export function decodeMediaType(text: string): MediaType | Malformed {
  const reader = new Reader(text);
  const type = reader.token();
  const subtype = reader.separator('/') ? reader.token() : undefined;
  if (type === undefined || subtype === undefined) return new Malformed('a malformed media type');
  const parameters = reader.parameters();
  if (parameters instanceof Malformed) return parameters;
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters };
}

export function encodeMediaType(value: MediaType): string {
  return `${value.type}/${value.subtype}${value.parameters}`;
}
