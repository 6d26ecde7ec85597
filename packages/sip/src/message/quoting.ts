import { unfold } from './octets.ts';

/** The content of a quoted-string, or the text itself when it is not quoted. */
export function unquote(text: string): string {
  if (!text.startsWith('"') || text.length < 2) return text;
  const inner = unfold(text.slice(1, -1));
  return inner.includes('\\') ? withoutBackslashes(inner) : inner;
}

/** A quoted-string (RFC 3261 §25.1) with the content given. */
export function quote(text: string): string {
  if (!text.includes('"') && !text.includes('\\')) return `"${text}"`;
  let quoted = '';
  for (const character of text) quoted += character === '"' || character === '\\' ? `\\${character}` : character;
  return `"${quoted}"`;
}

function withoutBackslashes(text: string): string {
  let plain = '';
  let index = 0;
  while (index < text.length) {
    if (text[index] === '\\' && index + 1 < text.length) index += 1;
    plain += text.charAt(index);
    index += 1;
  }
  return plain;
}
