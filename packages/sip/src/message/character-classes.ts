/**
 * The character classes of RFC 3261 §25.1, one bit each, looked up by octet. Codecs test characters against these
 * instead of running regular expressions over what a peer sent.
 */

export const token = 1;
export const blank = 2;
export const digit = 4;
export const hexadecimal = 8;
/** Letters, digits, `-` and `.`; `_` as well, because host names with it are in use. */
export const hostName = 16;
/** unreserved and user-unreserved without `%`; `#` as well, because service codes are dialled with it. */
export const user = 32;
/** paramchar and hnv characters of a URI without `%`. */
export const uriParameter = 64;
/** A value of a generic-param that is not quoted: token, host and what real devices send there. */
export const parameterValue = 128;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';
const mark = "-_.!~*'()";

const classes = new Uint8Array(256);

add(letters + digits, token);
add("-.!%*_+`'~", token);
add(' \t\r\n', blank);
add(digits, digit);
add(`${digits}abcdefABCDEF`, hexadecimal);
add(`${letters}${digits}-._`, hostName);
add(`${letters}${digits}${mark}&=+$,;?/#`, user);
add(`${letters}${digits}${mark}[]/:&+$`, uriParameter);
for (let code = 0x21; code < 256; code += 1) {
  if (code !== 0x7f && !';,"<>?'.includes(String.fromCharCode(code))) add(String.fromCharCode(code), parameterValue);
}

/** True when the character with that code is in one of the classes. -1 (past the end of a text) is in none. */
export function isIn(code: number, mask: number): boolean {
  return code >= 0 && code < 256 && ((classes[code] ?? 0) & mask) !== 0;
}

/** The code of a character, -1 past the end; an engine is quicker with that than with NaN. */
export function codeAt(text: string, index: number): number {
  return index < text.length ? text.charCodeAt(index) : -1;
}

/** True when every character from `start` to before `end` is in one of the classes; an empty range is. */
export function allIn(text: string, mask: number, start = 0, end = text.length): boolean {
  for (let index = start; index < end; index += 1) {
    if (!isIn(text.charCodeAt(index), mask)) return false;
  }
  return true;
}

/** True for a non-empty text of token characters. */
export function isToken(text: string): boolean {
  return text.length > 0 && allIn(text, token);
}

/** A decimal number of up to `maximum`; undefined for anything else. Leading zeros are allowed (RFC 4475 §3.1.1.1). */
export function decimal(text: string, maximum: number): number | undefined {
  if (text.length === 0 || !allIn(text, digit)) return undefined;
  const value = Number(text);
  return value <= maximum ? value : undefined;
}

function add(characters: string, mask: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | mask;
  }
}
