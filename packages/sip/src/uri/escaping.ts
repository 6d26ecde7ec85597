import { codeAt, hexadecimal, isIn } from '../message/character-classes.ts';

/** Every `%HH` replaced by the octet it stands for; what is no escapeOctets stays. Gives an octet string. */
export function unescapeOctets(text: string): string {
  if (!text.includes('%')) return text;
  let unescaped = '';
  let index = 0;
  while (index < text.length) {
    const isOctet = isEscape(text, index);
    unescaped += isOctet ? String.fromCharCode(Number.parseInt(text.slice(index + 1, index + 3), 16)) : text.charAt(index);
    index += isOctet ? 3 : 1;
  }
  return unescaped;
}

/** Every character outside the class replaced by `%HH`, `%` too. Takes an octet string. */
export function escapeOctets(text: string, allowed: number): string {
  let escaped = '';
  let rest = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isIn(code, allowed)) continue;
    escaped += `${text.slice(rest, index)}%${(code & 0xff).toString(16).toUpperCase().padStart(2, '0')}`;
    rest = index + 1;
  }
  return rest === 0 ? text : escaped + text.slice(rest);
}

/** True when every character is in the class or part of a `%HH`. */
export function isEscapedText(text: string, allowed: number): boolean {
  let index = 0;
  while (index < text.length) {
    const isOctet = isEscape(text, index);
    if (!isOctet && !isIn(text.charCodeAt(index), allowed)) return false;
    index += isOctet ? 3 : 1;
  }
  return true;
}

/** A text that is escaped already, with what does not belong in it escaped as well; what was right stays as it is. */
export function completeEscapes(text: string, allowed: number): string {
  if (isEscapedText(text, allowed)) return text;
  let completed = '';
  let index = 0;
  while (index < text.length) {
    const length = isEscape(text, index) ? 3 : 1;
    const part = text.slice(index, index + length);
    completed += length === 3 ? part : escapeOctets(part, allowed);
    index += length;
  }
  return completed;
}

function isEscape(text: string, index: number): boolean {
  return codeAt(text, index) === 0x25 && isIn(codeAt(text, index + 1), hexadecimal) && isIn(codeAt(text, index + 2), hexadecimal);
}
