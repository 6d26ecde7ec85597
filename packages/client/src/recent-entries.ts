/** A map that forgets its oldest entries, so that what peers send cannot fill the memory. */
export class RecentEntries<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, Value>();

  /** `limit` is the number of entries that are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
