import { blank, isIn } from './character-classes.ts';
import { splitElements } from './elements.ts';
import type { HeaderField } from './header-field.ts';
import { headerKey, headerKeyAt } from './header-names.ts';
import { Malformed } from './malformed.ts';
import { toHeaderText, trimBlanks } from './octets.ts';

/** One header line of a message, as it came or as it was set. */
export interface RawHeader {
  /** As written: any case, long or compact. */
  readonly name: string;
  /** The long form in lower case, such as `via` or `call-id`; empty for a line that is no header. */
  readonly key: string;
  /** An octet string without the blanks around it; folds inside are kept as they came. */
  readonly value: string;
}

/** A header line that keeps its octets and remembers what was decoded from it. Immutable to its users. */
export class HeaderLine implements RawHeader {
  /** The lines made last of those headers that say the same in nearly every message; immutable, so they serve again. */
  static readonly #lastMade = new Map(
    ['Max-Forwards', 'CSeq', 'User-Agent', 'Server', 'P-Asserted-Service', 'Accept-Contact'].map((name) => [
      name,
      HeaderLine.#made(name, ''),
    ]),
  );

  readonly key: string;
  /** The text that the line stands in, which may be a whole head, and where in it: from `start` to before `end`. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
  #colon: number;
  #value: string | undefined;
  #decoded: Elements | undefined;

  private constructor(key: string, source: string, start: number, end: number) {
    this.key = key;
    this.source = source;
    this.start = start;
    this.end = end;
    this.#colon = end;
    this.#value = undefined;
    this.#decoded = undefined;
  }

  /** A received line. `colon` is the index of its colon in `source`, or `end` when it has none. `end` is before the last CRLF. */
  static in(source: string, start: number, colon: number, end: number): HeaderLine {
    const line = new HeaderLine(headerKeyAt(source, start, blanksBefore(source, start, colon)), source, start, end);
    line.#colon = colon;
    return line;
  }

  /** A line to be sent. The value is made fit for one line, whatever it holds. */
  static of(name: string, value: string): HeaderLine {
    const last = HeaderLine.#lastMade.get(name);
    if (last === undefined) return HeaderLine.#made(name, value);
    if (last.value === value) return last;
    const line = HeaderLine.#made(name, value);
    HeaderLine.#lastMade.set(name, line);
    return line;
  }

  static #made(name: string, value: string): HeaderLine {
    const key = headerKey(name);
    if (key === '') throw new Error(`not a header name: ${JSON.stringify(name)}`);
    const text = trimBlanks(toHeaderText(value));
    // Joined, and looked into no more: engines put off the work of joining until then.
    const line = new HeaderLine(key, `${name}: ${text}`, 0, name.length + 2 + text.length);
    line.#colon = name.length;
    line.#value = text;
    return line;
  }

  get name(): string {
    return this.source.slice(this.start, blanksBefore(this.source, this.start, this.#colon));
  }

  get value(): string {
    this.#value ??= valueIn(this.source, Math.min(this.#colon + 1, this.end), this.end);
    return this.#value;
  }

  /** The line as it stands on the wire, folds included, without its last CRLF. */
  get line(): string {
    return this.source.slice(this.start, this.end);
  }

  /** Every value in this line, decoded once for as long as the same field asks. */
  elements<T>(field: HeaderField<T>): readonly (T | Malformed)[] {
    if (this.#decoded?.field !== field) this.#decoded = { field, values: decodeElements(this.value, field) };
    // The cache was filled by this very field, so its values are that field's; the compiler cannot follow that.
    return this.#decoded.values as readonly (T | Malformed)[];
  }
}

interface Elements {
  readonly field: HeaderField<unknown>;
  readonly values: readonly unknown[];
}

function decodeElements<T>(text: string, field: HeaderField<T>): readonly (T | Malformed)[] {
  if (!field.list) return [field.decode(text)];
  if (!text.includes(',')) return text === '' ? [] : [field.decode(text)];
  return splitElements(text).map((element) => (element === '' ? new Malformed(`an empty value in ${field.name}`) : field.decode(element)));
}

function valueIn(text: string, start: number, end: number): string {
  const first = blanksAfter(text, start, end);
  return text.slice(first, blanksBefore(text, first, end));
}

/** Where the blanks that end at `end` begin, not before `start`. */
function blanksBefore(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && isIn(text.charCodeAt(index - 1), blank)) index -= 1;
  return index;
}

/** Where the blanks that begin at `start` end, not behind `end`. */
function blanksAfter(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && isIn(text.charCodeAt(index), blank)) index += 1;
  return index;
}
