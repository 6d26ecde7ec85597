import { allIn, isToken, parameterValue } from './character-classes.ts';
import { quote, unquote } from './quoting.ts';

interface Parameter {
  /** As written. */
  readonly name: string;
  /** As written, quotes included; `true` for a parameter without a value. */
  readonly text: string | true;
}

/** The parameters of a header value: ordered, found in any case, kept as written. Immutable. Octet strings. */
export class Parameters {
  static readonly empty: Parameters = new Parameters([]);

  /** In order, as written. */
  readonly entries: readonly Parameter[];

  private constructor(entries: readonly Parameter[]) {
    this.entries = entries;
  }

  static of(...pairs: readonly (readonly [name: string, value: string | true])[]): Parameters {
    return pairs.reduce((parameters, [name, value]) => parameters.with(name, value), Parameters.empty);
  }

  /** The reader's way in: values as written, quotes included. */
  static ofWritten(entries: readonly Parameter[]): Parameters {
    return entries.length === 0 ? Parameters.empty : new Parameters(entries);
  }

  /** Names as written with their values, unquoted; `true` for those without one. */
  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string | true]> {
    for (const { name, text } of this.entries) yield [name, text === true ? true : unquote(text)];
  }

  /** The value of the first parameter of that name, unquoted; `true` when it has none. */
  get(name: string): string | true | undefined {
    const text = this.find(name)?.text;
    return typeof text === 'string' ? unquote(text) : text;
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** Sets a parameter in its place, or behind the others. The value is quoted when it must be. */
  with(name: string, value: string | true): Parameters {
    return this.set(name, value === true || isPlain(value) ? value : quote(value));
  }

  /** As `with`, but quoted whatever the value holds, as feature tags ask for (RFC 3840 §9). */
  withQuoted(name: string, value: string): Parameters {
    return this.set(name, quote(value));
  }

  without(...names: readonly string[]): Parameters {
    const { entries } = this;
    if (entries.length === 1 && entries[0] !== undefined) return isOneOf(entries[0], names) ? Parameters.empty : this;
    const kept = entries.filter((entry) => !isOneOf(entry, names));
    return kept.length === this.entries.length ? this : Parameters.ofWritten(kept);
  }

  /** `;name=value;name`, empty when there are none. */
  toString(): string {
    let text = '';
    for (const entry of this.entries) text += entry.text === true ? `;${entry.name}` : `;${entry.name}=${entry.text}`;
    return text;
  }

  private set(name: string, text: string | true): Parameters {
    if (!isToken(name)) throw new Error(`not a parameter name: ${JSON.stringify(name)}`);
    const place = this.entries.findIndex((existing) => isNamed(existing, name));
    if (place < 0) return new Parameters([...this.entries, { name, text }]);
    return new Parameters(this.entries.map((existing, index) => (index === place ? { name: existing.name, text } : existing)));
  }

  private find(name: string): Parameter | undefined {
    for (const entry of this.entries) {
      if (isNamed(entry, name)) return entry;
    }
    return undefined;
  }
}

/** True for a value that needs no quotes. A bracket opens an IPv6 reference and nothing else. */
function isPlain(value: string): boolean {
  if (value.length === 0 || !allIn(value, parameterValue)) return false;
  return (!value.includes('[') && !value.includes(']')) || (value.indexOf(']') === value.length - 1 && value.lastIndexOf('[') === 0);
}

function isOneOf(entry: Parameter, names: readonly string[]): boolean {
  for (const name of names) {
    if (isNamed(entry, name)) return true;
  }
  return false;
}

function isNamed(entry: Parameter, name: string): boolean {
  return entry.name === name || (entry.name.length === name.length && entry.name.toLowerCase() === name.toLowerCase());
}
