/** How many texts are remembered; those that come later are written out each time. */
const maxTexts = 1024;
const maxLength = 1024;

/**
 * Texts that many records have in common (feature tags, realms, own addresses) with what was made of them, by number.
 * A number once given stays.
 */
export class RepeatedValues<T> {
  readonly #make: (text: string) => T;
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** Undefined when the text is to be written out. */
  numberOf(text: string): number | undefined {
    const known = this.#numbers.get(text);
    if (known !== undefined || text.length > maxLength || this.#values.length >= maxTexts) return known;
    this.#numbers.set(text, this.#values.length);
    this.#values.push(this.#make(text));
    return this.#values.length - 1;
  }

  valueOf(number: number): T {
    const value = this.#values[number];
    if (value === undefined) throw new RangeError('no such text');
    return value;
  }
}
