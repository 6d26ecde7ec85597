import { allIn, digit } from '../message/character-classes.ts';

const visualSeparators = '-.()';

/** A number without its visual separators (RFC 3966 §5.1.1), letters in lower case. */
export function telephoneDigits(number: string): string {
  let digits = '';
  for (const character of number) {
    if (!visualSeparators.includes(character)) digits += character;
  }
  return digits.toLowerCase();
}

/** `+` and at least one digit, nothing else once the separators are gone. */
export function isGlobalNumber(number: string): boolean {
  const digits = telephoneDigits(number);
  return digits.length > 1 && digits.startsWith('+') && allIn(digits, digit, 1);
}
