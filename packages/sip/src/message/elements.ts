import { trimBlanks } from './octets.ts';

/**
 * Splits a header's text at the commas that separate its values (RFC 3261 §7.3.1): those outside quoted strings and
 * angle brackets. Each element comes without the blanks around it; a blank text has no elements.
 */
export function splitElements(text: string): readonly string[] {
  if (!text.includes(',')) return isBlank(text) ? [] : [text];
  const elements: string[] = [];
  let start = 0;
  while (start <= text.length) {
    const end = elementEnd(text, start);
    elements.push(trimBlanks(text.slice(start, end)));
    start = end + 1;
  }
  return elements;
}

/** Where the element that begins at `start` ends: the index of its comma, or the length of the text. */
export function elementEnd(text: string, start: number): number {
  let index = start;
  while (index < text.length) {
    const character = text[index];
    if (character === ',') return index;
    if (character === '"') index = quotedEnd(text, index);
    else if (character === '<') index = bracketEnd(text, index);
    index += 1;
  }
  return text.length;
}

/** The index of the closing quote; the last index when there is none. */
function quotedEnd(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

function bracketEnd(text: string, start: number): number {
  const end = text.indexOf('>', start);
  return end < 0 ? start : end;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
