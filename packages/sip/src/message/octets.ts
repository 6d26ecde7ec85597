/**
 * Octet strings: a header's text with one character per octet (U+0000 to U+00FF), so that octets which are no valid
 * UTF-8 survive. Text for people goes through octetsToText and textToOctets.
 */

import { blank, isIn } from './character-classes.ts';

/** How octets become octet strings and back. A driver brings a fast one; `portableOctets` runs anywhere. */
export interface OctetCodec {
  /** The octets from `start` to before `end` as an octet string. */
  decode(octets: Uint8Array, start: number, end: number): string;
  /** The octets of an octet string, in memory of their own. */
  encode(text: string): Uint8Array;
  /** The octets of an octet string and those given behind them, in one piece of memory of their own; saves serializeMessage a copy. */
  join?(text: string, behind: Uint8Array): Uint8Array;
}

/** Plain JavaScript; right everywhere, slower than what a platform has. */
export const portableOctets = {
  decode: decodeLatin1,
  encode(text: string): Uint8Array {
    const octets = new Uint8Array(text.length);
    writeLatin1(text, octets, 0);
    return octets;
  },
  join(text: string, behind: Uint8Array): Uint8Array {
    const octets = new Uint8Array(text.length + behind.length);
    writeLatin1(text, octets, 0);
    octets.set(behind, text.length);
    return octets;
  },
} satisfies OctetCodec;

/** The text that an octet string stands for: UTF-8 where it is that, else each octet as the character of its number. */
export function octetsToText(octets: string): string {
  if (isAscii(octets)) return octets;
  try {
    return utf8Decoder.decode(portableOctets.encode(octets));
  } catch {
    return octets; // Not UTF-8. RFC 3261 §25.1 allows nothing else, but names in Latin-1 are met.
  }
}

/** The UTF-8 octets of a text as an octet string. */
export function textToOctets(text: string): string {
  if (isAscii(text)) return text;
  const octets = utf8Encoder.encode(text);
  return decodeLatin1(octets, 0, octets.length);
}

/**
 * Makes any string fit for one header line: characters above U+00FF become their UTF-8 octets and every line end
 * with the blanks after it becomes one blank. Without this a text from elsewhere could start a header of its own.
 */
export function toHeaderText(text: string): string {
  if (!unfit.test(text)) return text;
  return unfold(isOctetString(text) ? text : textToOctets(text));
}

/** Line ends, and what is no octet. */
const unfit = /[\r\n\u0100-\uffff]/;

/** A text with every run of line ends and the blanks after it replaced by one blank (RFC 3261 §7.3.1). */
export function unfold(text: string): string {
  if (!text.includes('\n') && !text.includes('\r')) return text;
  let unfolded = '';
  let inFold = false;
  for (const character of text) {
    const lineEnd = character === '\r' || character === '\n';
    if (lineEnd && !inFold) unfolded = `${trimBlanksAtEnd(unfolded)} `;
    inFold = lineEnd || (inFold && (character === ' ' || character === '\t'));
    if (!inFold) unfolded += character;
  }
  return unfolded;
}

/**
 * A text without the blanks around it. Not trim(), which takes the octet A0 for one: the end of a letter in UTF-8.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isIn(text.charCodeAt(start), blank)) start += 1;
  while (end > start && isIn(text.charCodeAt(end - 1), blank)) end -= 1;
  return text.slice(start, end);
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/** Small enough for one call's arguments on every runtime. */
const chunkOctets = 4096;

function decodeLatin1(octets: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let from = start; from < end; from += chunkOctets) {
    text += String.fromCharCode(...octets.subarray(from, Math.min(end, from + chunkOctets)));
  }
  return text;
}

function writeLatin1(text: string, target: Uint8Array, offset: number): void {
  for (let index = 0; index < text.length; index += 1) target[offset + index] = text.charCodeAt(index);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

function isOctetString(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0xff) return false;
  }
  return true;
}

function trimBlanksAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(0, end);
}
