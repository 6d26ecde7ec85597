import { elementEnd } from './elements.ts';
import type { Decoded, HeaderField } from './header-field.ts';
import { HeaderLine, type RawHeader } from './header-line.ts';
import { headerKey } from './header-names.ts';
import { Malformed } from './malformed.ts';
import { trimBlanks } from './octets.ts';

type NameOrField = string | HeaderField<unknown>;

/**
 * The headers of a message: an ordered list of lines with a typed view on it. Immutable; every change gives a new
 * value that shares the untouched lines, which are written back byte for byte. Names match in any case, long or
 * compact. Texts are octet strings (see octets.ts).
 */
export class Headers {
  readonly #lines: readonly HeaderLine[];

  private constructor(lines: readonly HeaderLine[]) {
    this.#lines = lines;
  }

  static of(...pairs: readonly (readonly [name: string, value: string])[]): Headers {
    return new Headers(pairs.map(([name, value]) => HeaderLine.of(name, value)));
  }

  /** Takes lines as they are; those that came from other Headers keep their octets. */
  static from(raw: readonly RawHeader[]): Headers {
    return new Headers(raw.map((header) => (header instanceof HeaderLine ? header : HeaderLine.of(header.name, header.value))));
  }

  /** The parser's way in: takes the list over without a copy. */
  static ofLines(lines: readonly HeaderLine[]): Headers {
    return new Headers(lines);
  }

  get raw(): readonly RawHeader[] {
    return this.#lines;
  }

  /** The lines with their octets, as the serializer writes them. */
  get lines(): readonly HeaderLine[] {
    return this.#lines;
  }

  /** The text of the first line of that name. */
  text(name: string): string | undefined {
    return this.first(headerKey(name))?.value;
  }

  texts(name: string): readonly string[] {
    const key = headerKey(name);
    const texts: string[] = [];
    for (const line of this.#lines) if (line.key === key) texts.push(line.value);
    return texts;
  }

  has(name: NameOrField): boolean {
    return this.first(keyOf(name)) !== undefined;
  }

  /** The first value: the line's, or for a list its first element. Lines without any element count as absent. */
  get<T>(field: HeaderField<T>): Decoded<T> {
    const first = this.firstElement(field);
    if (first === undefined) return { kind: 'absent' };
    return first instanceof Malformed ? { kind: 'malformed', reason: first.reason } : { kind: 'value', value: first };
  }

  /** Every value of every line of that name, in order; malformed as soon as one of them is. */
  all<T>(field: HeaderField<T>): Decoded<readonly T[]> {
    const values: T[] = [];
    let present = false;
    for (const line of this.#lines) {
      if (line.key !== field.key) continue;
      present = true;
      for (const element of line.elements(field)) {
        if (element instanceof Malformed) return { kind: 'malformed', reason: element.reason };
        values.push(element);
      }
    }
    return present ? { kind: 'value', value: values } : { kind: 'absent' };
  }

  /** The first value when there is one and it is well formed. */
  value<T>(field: HeaderField<T>): T | undefined {
    const first = this.firstElement(field);
    return first instanceof Malformed ? undefined : first;
  }

  /** Replaces the first line of that name in its place and drops the others; appends when there is none. */
  with(name: string, text: string): Headers;
  with<T>(field: HeaderField<T>, value: T): Headers;
  with<T>(target: string | HeaderField<T>, value: T | string): Headers {
    const line = lineOf(target, value);
    const lines: HeaderLine[] = [];
    let placed = false;
    for (const existing of this.#lines) {
      if (existing.key !== line.key) lines.push(existing);
      else if (!placed) {
        lines.push(line);
        placed = true;
      }
    }
    if (!placed) lines.push(line);
    return new Headers(lines);
  }

  append(name: string, text: string): Headers;
  append<T>(field: HeaderField<T>, value: T): Headers;
  append<T>(target: string | HeaderField<T>, value: T | string): Headers {
    return new Headers([...this.#lines, lineOf(target, value)]);
  }

  /** Puts a line above those of its name (Via, Route, Record-Route); on top of all when there is none. */
  prepend(name: string, text: string): Headers;
  prepend<T>(field: HeaderField<T>, value: T): Headers;
  prepend<T>(target: string | HeaderField<T>, value: T | string): Headers {
    const line = lineOf(target, value);
    const lines = this.#lines.slice();
    const place = lines.findIndex((existing) => existing.key === line.key);
    if (place <= 0) lines.unshift(line);
    else lines.splice(place, 0, line);
    return new Headers(lines);
  }

  without(name: NameOrField): Headers {
    const key = keyOf(name);
    if (this.first(key) === undefined) return this;
    const lines: HeaderLine[] = [];
    for (const line of this.#lines) if (line.key !== key) lines.push(line);
    return new Headers(lines);
  }

  /** Drops the topmost value of a list only: the first line that has one, or the first element of a line with commas. */
  withoutFirst(name: NameOrField): Headers {
    const key = keyOf(name);
    const place = this.#lines.findIndex((line) => line.key === key && line.value !== '');
    const first = this.#lines[place];
    if (first === undefined) return this;
    const others = trimBlanks(first.value.slice(elementEnd(first.value, 0) + 1));
    const rest = others === '' ? [] : [HeaderLine.of(first.name, others)];
    return new Headers([...this.#lines.slice(0, place), ...rest, ...this.#lines.slice(place + 1)]);
  }

  filter(keep: (header: RawHeader) => boolean): Headers {
    return new Headers(this.#lines.filter(keep));
  }

  /** These lines, then the other ones. */
  concat(other: Headers): Headers {
    return new Headers([...this.#lines, ...other.#lines]);
  }

  private firstElement<T>(field: HeaderField<T>): T | Malformed | undefined {
    for (const line of this.#lines) {
      if (line.key !== field.key) continue;
      const elements = line.elements(field);
      if (elements.length > 0) return elements[0];
    }
    return undefined;
  }

  private first(key: string): HeaderLine | undefined {
    if (key === '') return undefined;
    for (const line of this.#lines) {
      if (line.key === key) return line;
    }
    return undefined;
  }
}

function lineOf<T>(target: string | HeaderField<T>, value: T | string): HeaderLine {
  if (typeof target !== 'string') {
    // The overloads pair a field with its own type.
    return HeaderLine.of(target.name, target.encode(value as T));
  }
  return HeaderLine.of(target, String(value));
}

function keyOf(name: NameOrField): string {
  return typeof name === 'string' ? headerKey(name) : name.key;
}
