import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { octetsToText, textToOctets } from '../octets.ts';
import type { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';
import { highestDeltaSeconds } from './number-header.ts';

export interface RetryAfter {
  readonly seconds: number;
  /** Unicode, without parentheses. */
  readonly comment?: string;
  /** `duration` among them. */
  readonly parameters: Parameters;
}

/** Retry-After (RFC 3261 §20.33). */
export const retryAfterHeader: HeaderField<RetryAfter> = defineHeader({ name: 'Retry-After', decode, encode });

function decode(text: string): RetryAfter | Malformed {
  const reader = new Reader(text);
  const seconds = reader.number(Number.POSITIVE_INFINITY);
  if (seconds === undefined) return new Malformed('not a number of seconds');
  reader.skip();
  const comment = reader.comment();
  const parameters = reader.parameters();
  if (parameters instanceof Malformed) return parameters;
  const known = { seconds: Math.min(seconds, highestDeltaSeconds), parameters };
  return comment === undefined ? known : { ...known, comment: octetsToText(comment) };
}

function encode(value: RetryAfter): string {
  const comment = value.comment === undefined ? '' : ` (${textToOctets(value.comment)})`;
  return `${value.seconds}${comment}${value.parameters}`;
}
