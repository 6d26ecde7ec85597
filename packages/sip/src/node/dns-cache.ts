import type { DnsFault } from '../platform.ts';

/** What a resolver told, and for how long that is true. */
export interface DnsFinding<T> {
  readonly answer: readonly T[] | DnsFault;
  readonly seconds: number;
}

interface Entry<T> {
  readonly answer: Promise<readonly T[] | DnsFault>;
  /** Infinity while the answer is awaited. */
  until: number;
}

export interface DnsCacheOptions {
  /** Answers that are kept; the oldest are forgotten first. */
  readonly entries: number;
  /** Questions under way; one more is a temporary fault. */
  readonly pending: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Answers about one kind of record by name. Who asks what is being asked already waits for the same answer. */
export class DnsCache<T> {
  readonly #options: DnsCacheOptions;
  readonly #find: (name: string) => Promise<DnsFinding<T>>;
  readonly #entries = new Map<string, Entry<T>>();
  #pending = 0;

  /** `find` never rejects. */
  constructor(options: DnsCacheOptions, find: (name: string) => Promise<DnsFinding<T>>) {
    this.#options = options;
    this.#find = find;
  }

  ask(name: string): Promise<readonly T[] | DnsFault> {
    const key = name.toLowerCase();
    const known = this.#entries.get(key);
    if (known !== undefined && this.#options.now() < known.until) return known.answer;
    this.#entries.delete(key);
    if (this.#pending >= this.#options.pending) {
      return Promise.resolve({ kind: 'fault', temporary: true, reason: 'too many names are being looked up' });
    }
    return this.#askAnew(key);
  }

  #askAnew(key: string): Promise<readonly T[] | DnsFault> {
    this.#pending += 1;
    const entry: Entry<T> = { until: Number.POSITIVE_INFINITY, answer: this.#found(key, () => entry) };
    this.#entries.set(key, entry);
    this.#forgetOldest();
    return entry.answer;
  }

  async #found(key: string, entry: () => Entry<T>): Promise<readonly T[] | DnsFault> {
    const { answer, seconds } = await this.#find(key);
    this.#pending -= 1;
    entry().until = this.#options.now() + seconds * 1000;
    return answer;
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.entries) return;
      this.#entries.delete(key);
    }
  }
}
