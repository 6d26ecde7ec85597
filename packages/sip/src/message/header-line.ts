import { blank, isIn } from './character-classes.ts';
import { splitElements } from './elements.ts';
import type { HeaderField } from './header-field.ts';
import { headerKey } from './header-names.ts';
import { Malformed } from './malformed.ts';
import { toHeaderText } from './octets.ts';

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
  readonly key: string;
  /** The line as it stands on the wire, folds included, without its last CRLF. */
  readonly line: string;
  readonly #colon: number;
  #value: string | undefined;
  #field: HeaderField<unknown> | undefined;
  #decoded: readonly unknown[];

  /** `line` as it came from the wire; `colon` is the index of its colon, or its length when it has none. */
  constructor(line: string, colon: number) {
    this.line = line;
    this.#colon = colon;
    this.key = headerKey(line.slice(0, blanksBefore(line, colon)));
    this.#value = undefined;
    this.#field = undefined;
    this.#decoded = [];
  }

  /** A line to be sent. The value is made fit for one line, whatever it holds. */
  static of(name: string, value: string): HeaderLine {
    if (headerKey(name) === '') throw new Error(`not a header name: ${JSON.stringify(name)}`);
    return new HeaderLine(`${name}: ${toHeaderText(value).trim()}`, name.length);
  }

  get name(): string {
    return this.line.slice(0, blanksBefore(this.line, this.#colon));
  }

  get value(): string {
    this.#value ??= this.line.slice(blanksAfter(this.line, this.#colon + 1), blanksBefore(this.line, this.line.length));
    return this.#value;
  }

  /** Every value in this line, decoded once for as long as the same field asks. */
  elements<T>(field: HeaderField<T>): readonly (T | Malformed)[] {
    if (this.#field !== field) {
      this.#decoded = this.#decode(field);
      this.#field = field;
    }
    // The cache was filled by this very field, so its values are that field's; the compiler cannot follow that.
    return this.#decoded as readonly (T | Malformed)[];
  }

  #decode<T>(field: HeaderField<T>): readonly (T | Malformed)[] {
    if (!field.list) return [field.decode(this.value)];
    return splitElements(this.value).map((element) =>
      element === '' ? new Malformed(`an empty value in ${field.name}`) : field.decode(element),
    );
  }
}

/** Where the blanks that end at `end` begin. */
function blanksBefore(text: string, end: number): number {
  let index = end;
  while (index > 0 && isIn(text.charCodeAt(index - 1), blank)) index -= 1;
  return index;
}

/** Where the blanks that begin at `start` end. */
function blanksAfter(text: string, start: number): number {
  let index = start;
  while (isIn(text.charCodeAt(index), blank)) index += 1;
  return index;
}
