import { decimal } from './character-classes.ts';
import { Malformed } from './malformed.ts';

/** The length that Content-Length values agree on; undefined when there is none of them. */
export function agreedContentLength(values: readonly string[]): number | undefined | Malformed {
  let agreed: number | undefined;
  for (const value of values) {
    const length = decimal(value, Number.MAX_SAFE_INTEGER);
    if (length === undefined) return new Malformed('Content-Length is not a number');
    if (agreed !== undefined && agreed !== length) return new Malformed('two Content-Length headers that differ');
    agreed = length;
  }
  return agreed;
}
