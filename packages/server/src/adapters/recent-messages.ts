import type { RecentMessages } from '@opencpm/cpm';
import { ExpiringRecords, KeyTable, textToOctets } from '@opencpm/sip';

/** Upper bound of remembered messages, some 200 octets each. The oldest ones are forgotten first. */
const maxRemembered = 200_000;

const noOctets = new Uint8Array(0);

export interface RecentMessageOptions {
  /** How long an accepted message is remembered, from its arrival on. */
  readonly windowMilliseconds: number;
  /** A random 32-bit number. */
  readonly seed: number;
  readonly bound?: number;
}

/** Duplicate keys of messages handled lately, in memory, and of stored ones as far as the database still knows them. */
export class RecentMessageTable implements RecentMessages {
  readonly #windowMilliseconds: number;
  readonly #bound: number;
  readonly #underWay: KeyTable<Promise<number>>;
  /** Of the accepted ones nothing is left but key and status. */
  readonly #accepted: ExpiringRecords<number>;

  constructor({ windowMilliseconds, seed, bound = maxRemembered }: RecentMessageOptions) {
    this.#windowMilliseconds = windowMilliseconds;
    this.#bound = bound;
    this.#underWay = new KeyTable(seed);
    this.#accepted = new ExpiringRecords(seed);
  }

  find(key: string, now: number): number | Promise<number> | undefined {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const accepted = this.#accepted.find(textToOctets(key));
    return accepted !== undefined && accepted.expiresAt > now ? accepted.mark : undefined;
  }

  remember(key: string, status: Promise<number>, now: number): void {
    this.#underWay.set(key, status);
    const ended = (known?: number) => {
      // A later try of the same message took this one's place.
      if (this.#underWay.get(key) !== status) return;
      this.#underWay.delete(key);
      if (known !== undefined && known < 300) this.#accept(key, known, now + this.#windowMilliseconds);
    };
    status.then(ended, () => ended());
    this.#accepted.expire(now);
  }

  /** A message that an earlier process stored: 202 was its answer. */
  rememberStored(key: string, until: number): void {
    this.#accept(key, 202, until);
  }

  #accept(key: string, status: number, until: number): void {
    this.#accepted.put(textToOctets(key), noOctets, status, until);
    if (this.#accepted.size > this.#bound) this.#accepted.dropOldest();
  }
}
