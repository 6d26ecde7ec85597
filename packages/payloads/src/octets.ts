/** Octets and text: the only place of this package that encodes, decodes or joins. */

export const horizontalTab = 0x09;
export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const space = 0x20;
export const hyphen = 0x2d;

/** A leading byte order mark stays in the text, so that a string index can stand for an octet offset. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export const lineEnd = encoder.encode('\r\n');

/** UTF-8 to text; what is not UTF-8 becomes U+FFFD. */
export function decodeText(octets: Uint8Array): string {
  return decoder.decode(octets);
}

/** UTF-8 to text without its byte order mark, or undefined when the octets are not UTF-8. */
export function decodeStrictText(octets: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(octets);
  } catch {
    return undefined;
  }
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

export function joinOctets(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Where the line that begins at `start` ends: without its line end, and where the next line begins. LF alone ends a line too. */
export function lineBounds(octets: Uint8Array, start: number): { readonly end: number; readonly next: number } {
  const feed = octets.indexOf(lineFeed, start);
  if (feed === -1) return { end: octets.length, next: octets.length };
  const end = feed > start && octets[feed - 1] === carriageReturn ? feed - 1 : feed;
  return { end, next: feed + 1 };
}

/** A line that begins so goes on with the one before it (RFC 5322 §2.2.3). Undefined stands for the end of the octets. */
export function isBlank(octet: number | undefined): boolean {
  return octet === space || octet === horizontalTab;
}

/** Removes SP and control characters at both ends; unlike `trim` it leaves the blanks of other scripts alone. */
export function trimBlanks(text: string): string {
  return trimmedSlice(text, 0, text.length);
}

/** `trimBlanks(text.slice(start, end))`, cut once. */
export function trimmedSlice(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && text.charCodeAt(from) <= space) from += 1;
  while (to > from && text.charCodeAt(to - 1) <= space) to -= 1;
  return text.slice(from, to);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this class is about.
const controlCharacters = /[\u0000-\u001f\u007f]/g;

/** Each control character becomes a space, so that no value can smuggle a line end into what is written. */
export function withoutControls(text: string): string {
  return text.replace(controlCharacters, ' ');
}
