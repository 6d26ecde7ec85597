import { allIn, uriParameter } from '../message/character-classes.ts';
import { Malformed } from '../message/malformed.ts';
import { escapeOctets, isEscapedText, unescapeOctets } from './escaping.ts';

interface UriParameter {
  /** As written. */
  readonly name: string;
  /** As written; `true` for a parameter without a value. */
  readonly value: string | true;
}

/** The parameters of a sip or tel URI: ordered, found in any case, kept as written. Immutable. */
export class UriParameters {
  static readonly empty: UriParameters = new UriParameters([]);

  /** In order, as written. */
  readonly entries: readonly UriParameter[];

  private constructor(entries: readonly UriParameter[]) {
    this.entries = entries;
  }

  /** Reads what stands behind the first semicolon, such as `transport=tcp;lr`. */
  static parse(text: string): UriParameters | Malformed {
    const entries: UriParameter[] = [];
    for (const part of text.split(';')) {
      const equals = part.indexOf('=');
      const name = equals < 0 ? part : part.slice(0, equals);
      const value = equals < 0 || part.slice(equals + 1);
      if (!isPart(name) || (value !== true && !isPart(value))) return new Malformed(`malformed URI parameter: ${part}`);
      entries.push({ name, value });
    }
    return new UriParameters(entries);
  }

  /** The unescaped value of the first parameter of that name; `true` when it has none. */
  get(name: string): string | true | undefined {
    const value = this.find(name)?.value;
    return typeof value === 'string' ? unescapeOctets(value) : value;
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** Sets a parameter in its place, or behind the others. The value is escaped where it must be. */
  with(name: string, value: string | true): UriParameters {
    const entry = { name, value: value === true || escapeOctets(value, uriParameter) };
    const place = this.entries.findIndex((existing) => isNamed(existing, name));
    if (place < 0) return new UriParameters([...this.entries, entry]);
    return new UriParameters(this.entries.map((existing, index) => (index === place ? entry : existing)));
  }

  without(...names: readonly string[]): UriParameters {
    const kept = this.entries.filter((entry) => !names.some((name) => isNamed(entry, name)));
    return kept.length === this.entries.length ? this : new UriParameters(kept);
  }

  /** `;name=value;name`, empty when there are none. */
  toString(): string {
    return this.entries.map(({ name, value }) => (value === true ? `;${name}` : `;${name}=${value}`)).join('');
  }

  private find(name: string): UriParameter | undefined {
    return this.entries.find((entry) => isNamed(entry, name));
  }
}

/** A name or value: not empty, only characters that RFC 3261 §25.1 allows in it, or escapes. */
function isPart(text: string): boolean {
  return text.length > 0 && (allIn(text, uriParameter) || isEscapedText(text, uriParameter));
}

function isNamed(entry: UriParameter, name: string): boolean {
  return entry.name === name || unescapeOctets(entry.name).toLowerCase() === name.toLowerCase();
}
