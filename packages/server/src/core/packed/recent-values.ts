/**
 * What was used lately, by key. Two generations instead of a list in order of use: a hit costs one look-up, and at
 * least `generation` of the last used ones are there.
 */
export class RecentValues<K, V> {
  readonly #generation: number;
  #recent = new Map<K, V>();
  #older = new Map<K, V>();

  constructor(generation: number) {
    this.#generation = generation;
  }

  get(key: K): V | undefined {
    const value = this.#recent.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (this.#recent.size >= this.#generation) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }

  delete(key: K): void {
    this.#recent.delete(key);
    this.#older.delete(key);
  }

  clear(): void {
    this.#recent = new Map();
    this.#older = new Map();
  }
}
