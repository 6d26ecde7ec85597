import { headerKey } from './header-names.ts';
import type { Malformed } from './malformed.ts';

/** A typed header: how the text of one value is read and written. One per file in `headers/`. */
export interface HeaderField<T> {
  /** The long form as it is written, such as `Call-ID`. */
  readonly name: string;
  readonly compact?: string;
  /** The long form in lower case. */
  readonly key: string;
  /** True for a header whose values may stand in one line with commas between them (RFC 3261 §7.3.1). */
  readonly list: boolean;
  /** Reads one value: an element of a list, else the whole line. Folds count as blanks. Never gives undefined. */
  decode(text: string): T | Malformed;
  /** Writes one value as an octet string. */
  encode(value: T): string;
}

export interface HeaderDefinition<T> {
  readonly name: string;
  readonly compact?: string;
  /** False when it is not given. */
  readonly list?: boolean;
  decode(text: string): T | Malformed;
  encode(value: T): string;
}

/** Makes a typed header; the way in which other packages add theirs. */
export function defineHeader<T>(definition: HeaderDefinition<T>): HeaderField<T> {
  return { list: false, ...definition, key: headerKey(definition.name) };
}

/** What reading a typed header gives. A malformed one is told apart from an absent one. */
export type Decoded<T> =
  | { readonly kind: 'absent'; readonly value?: undefined }
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'malformed'; readonly reason: string; readonly value?: undefined };
