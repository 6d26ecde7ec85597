import type { RecentMessages } from '@opencpm/cpm';

/** Upper bound of remembered messages, some 300 octets each. The oldest ones are forgotten first. */
const maxRemembered = 200_000;

interface Remembered {
  status: number | Promise<number>;
  readonly until: number;
}

/** Duplicate keys of messages handled lately, in memory, and of stored ones as far as the database still knows them. */
export class RecentMessageTable implements RecentMessages {
  readonly #byKey = new Map<string, Remembered>();
  readonly #windowMilliseconds: number;

  readonly #bound: number;

  constructor(windowMilliseconds: number, bound = maxRemembered) {
    this.#windowMilliseconds = windowMilliseconds;
    this.#bound = bound;
  }

  find(key: string, now: number): number | Promise<number> | undefined {
    const remembered = this.#byKey.get(key);
    return remembered !== undefined && remembered.until > now ? remembered.status : undefined;
  }

  remember(key: string, status: Promise<number>, now: number): void {
    const remembered: Remembered = { status, until: now + this.#windowMilliseconds };
    this.#put(key, remembered);
    const forget = () => {
      if (this.#byKey.get(key) === remembered) this.#byKey.delete(key);
    };
    status.then((known) => {
      remembered.status = known;
      if (known >= 300) forget();
    }, forget);
  }

  /** A message that an earlier process stored: 202 was its answer. */
  rememberStored(key: string, until: number): void {
    this.#put(key, { status: 202, until });
  }

  /** What is put again becomes the newest. */
  #put(key: string, remembered: Remembered): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, remembered);
    if (this.#byKey.size <= this.#bound) return;
    const oldest = this.#byKey.keys().next().value;
    if (oldest !== undefined) this.#byKey.delete(oldest);
  }
}
