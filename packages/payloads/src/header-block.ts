import {
  decodeText,
  encodeText,
  horizontalTab,
  joinOctets,
  lineBounds,
  lineEnd,
  lineFeed,
  space,
  trimBlanks,
  withoutControls,
} from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { payloadProblem } from './problem.ts';

/**
 * One field of a header block (RFC 5322 §2.2, RFC 3862 §3). A field that was received is written back from its
 * octets; to change one, put a new field without octets in its place.
 */
export interface HeaderField {
  /** As it was written. */
  readonly name: string;
  /** Unfolded, without blanks at its ends. */
  readonly value: string;
  /** The received field with its folding, without its last line end. */
  readonly octets?: Uint8Array;
}

export interface HeaderBlock {
  readonly kind: 'header-block';
  readonly fields: readonly HeaderField[];
  /** Where the octets behind the empty line begin. */
  readonly end: number;
  /** False when the octets ended before an empty line came. */
  readonly terminated: boolean;
}

export interface HeaderLimits {
  readonly maxOctets: number;
  readonly maxFields: number;
}

/** Our own bounds: ten times what any client known to us sends. */
export const headerLimits: HeaderLimits = { maxOctets: 16_384, maxFields: 100 };

/** Reads fields from `start` to the first empty line or the end of the octets. Lines may end in LF alone and may be folded. */
export function scanHeaderBlock(octets: Uint8Array, start: number, limits: HeaderLimits = headerLimits): HeaderBlock | PayloadProblem {
  const bounds = fieldBounds(octets, start, limits);
  if ('kind' in bounds) return bounds;
  const text = decodeText(octets.subarray(start, bounds.end));
  // UTF-8 never decodes to more units than it has octets. Equal lengths mean one unit per octet, so offsets can be shared.
  const aligned = text.length === bounds.end - start;
  const fields: HeaderField[] = [];
  for (let index = 0; index < bounds.starts.length; index += 1) {
    const from = bounds.starts[index] ?? 0;
    const to = bounds.ends[index] ?? 0;
    const fieldOctets = octets.subarray(from, to);
    const field = readField(aligned ? text.slice(from - start, to - start) : decodeText(fieldOctets), fieldOctets);
    if (field === undefined) return payloadProblem('malformed', from, 'A header line has no name.');
    fields.push(field);
  }
  return { kind: 'header-block', fields, end: bounds.end, terminated: bounds.terminated };
}

interface FieldBounds {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly end: number;
  readonly terminated: boolean;
}

function fieldBounds(octets: Uint8Array, start: number, limits: HeaderLimits): FieldBounds | PayloadProblem {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = start;
  while (at < octets.length) {
    const { end, next } = lineBounds(octets, at);
    if (next - start > limits.maxOctets) return payloadProblem('too-large', at, `The headers are longer than ${limits.maxOctets} octets.`);
    if (end === at) return { starts, ends, end: next, terminated: true };
    const folded = octets[at] === space || octets[at] === horizontalTab;
    if (folded && starts.length > 0) {
      ends[ends.length - 1] = end;
    } else {
      if (starts.length === limits.maxFields) return payloadProblem('too-many', at, `There are more than ${limits.maxFields} headers.`);
      starts.push(at);
      ends.push(end);
    }
    at = next;
  }
  return { starts, ends, end: octets.length, terminated: false };
}

/** Printable US-ASCII without the colon (RFC 5322 §2.2); wider than the NAMECHAR of RFC 3862 §3.6, which names are checked against on output. */
const fieldName = /^[!-9;-~]+$/;

function readField(text: string, octets: Uint8Array): HeaderField | undefined {
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const name = trimBlanks(text.slice(0, colon));
  if (!fieldName.test(name)) return undefined;
  const value = trimBlanks(text.slice(colon + 1));
  return { name, value: value.includes('\n') ? unfold(value) : value, octets };
}

function unfold(value: string): string {
  return value.replace(/\r?\n/g, '');
}

/** The field as it goes on the wire, line end included, in pieces to be joined. */
export function formatField(field: HeaderField): readonly Uint8Array[] {
  if (field.octets === undefined) return [encodeText(`${field.name}: ${withoutControls(field.value)}\r\n`)];
  return [withStrictFolding(field.octets), lineEnd];
}

/** A field that was folded with LF alone is folded with CRLF; other octets stay. */
function withStrictFolding(octets: Uint8Array): Uint8Array {
  if (!octets.includes(lineFeed)) return octets;
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < octets.length) {
    const { end, next } = lineBounds(octets, at);
    pieces.push(octets.subarray(at, end));
    if (next > end) pieces.push(lineEnd);
    at = next;
  }
  return joinOctets(pieces);
}
