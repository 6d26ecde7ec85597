import { encodeText, isBlank, joinOctets, lineBounds, lineEnd, lineFeed, withoutControls } from './octets.ts';

/**
 * One field of a header block (RFC 5322 §2.2, RFC 3862 §3). A field that was received is written back from its
 * octets; to change one, put a new field without octets in its place.
 */
export interface HeaderField {
  /** As it was written. */
  readonly name: string;
  /** Unfolded, without blanks at its ends. */
  readonly value: string;
  /** The received field with its folding, without its last line end. A getter of what was read: a spread leaves it behind. */
  readonly octets?: Uint8Array;
}

/** A field that came. Its octets are cut out when somebody wants to write it back, which is seldom. */
export class ReceivedField implements HeaderField {
  readonly name: string;
  readonly value: string;
  readonly #source: Uint8Array;
  readonly #start: number;

  /** The field begins at `start` of `source` and ends where folded lines end. */
  constructor(name: string, value: string, source: Uint8Array, start: number) {
    this.name = name;
    this.value = value;
    this.#source = source;
    this.#start = start;
  }

  get octets(): Uint8Array {
    let { end, next } = lineBounds(this.#source, this.#start);
    while (isBlank(this.#source[next])) ({ end, next } = lineBounds(this.#source, next));
    return this.#source.subarray(this.#start, end);
  }
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
