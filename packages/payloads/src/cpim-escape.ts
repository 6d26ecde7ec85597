/**
 * The escape mechanism of CPIM headers (RFC 3862 §2.3.1): a backslash before b, t, n, r, a quote or a backslash, or
 * before u and four hexadecimal digits. Anything else behind a backslash stays as it is, backslash included.
 */

const decoded: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r', '"': '"', "'": "'", '\\': '\\' };
const encoded: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' };

const fourHexadecimalDigits = /^[0-9A-Fa-f]{4}$/;

export function decodeCpimText(text: string): string {
  let backslash = text.indexOf('\\');
  if (backslash === -1) return text;
  let result = '';
  let at = 0;
  while (backslash !== -1) {
    const escaped = readEscape(text, backslash);
    result += text.slice(at, backslash) + escaped.text;
    at = backslash + escaped.length;
    backslash = text.indexOf('\\', at);
  }
  return result + text.slice(at);
}

function readEscape(text: string, backslash: number): { readonly text: string; readonly length: number } {
  const letter = text[backslash + 1] ?? '';
  const plain = Object.hasOwn(decoded, letter) ? decoded[letter] : undefined;
  if (plain !== undefined) return { text: plain, length: 2 };
  const digits = text.slice(backslash + 2, backslash + 6);
  if (letter !== 'u' || !fourHexadecimalDigits.test(digits)) return { text: '\\', length: 1 };
  return { text: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 };
}

/** Text as a header value: backslashes, control characters, blanks at the ends and a semicolon in front are escaped. */
export function encodeCpimText(text: string): string {
  return protectEnds(escapeControls(text.replaceAll('\\', '\\\\')));
}

/** Text as a quoted string (the String of RFC 3862 §3.6). */
export function quoteCpimText(text: string): string {
  return `"${escapeControls(text.replace(/["\\]/g, '\\$&'))}"`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this class is about.
const controlCharacters = /[\u0000-\u001f\u007f]/g;

/** Escapes control characters only. A value that is escaped already stays as it is, and no value can smuggle a line end. */
export function escapeControls(text: string): string {
  return text.replace(controlCharacters, (control) => encoded[control] ?? escapeCodeUnit(control));
}

function protectEnds(text: string): string {
  const first = text[0];
  const front = first === ' ' || first === ';' ? escapeCodeUnit(first) + text.slice(1) : text;
  return front.endsWith(' ') ? front.slice(0, -1) + escapeCodeUnit(' ') : front;
}

function escapeCodeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
