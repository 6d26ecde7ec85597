import { decimal } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** A header that is one decimal number up to `maximum`. */
export function numberHeader(name: string, maximum: number, compact?: string): HeaderField<number> {
  return defineHeader({
    name,
    ...(compact === undefined ? {} : { compact }),
    decode: (text) => decimal(text, maximum) ?? new Malformed(`not a number up to ${maximum}`),
    encode: String,
  });
}

/** delta-seconds never exceed this (RFC 3261 §20.19); what is above counts as this. */
export const highestDeltaSeconds: number = 2 ** 32 - 1;

/** A header that is a number of seconds. */
export function deltaSecondsHeader(name: string): HeaderField<number> {
  return defineHeader({
    name,
    decode: (text) => decodeDeltaSeconds(text) ?? new Malformed('not a number of seconds'),
    encode: String,
  });
}

export function decodeDeltaSeconds(text: string): number | undefined {
  const seconds = decimal(text, Number.POSITIVE_INFINITY);
  return seconds === undefined ? undefined : Math.min(seconds, highestDeltaSeconds);
}
