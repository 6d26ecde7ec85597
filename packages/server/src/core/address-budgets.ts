import type { Clock } from '@opencpm/sip';

export interface AddressBudget {
  /** What is given back to an address each second. */
  readonly perSecond: number;
  /** What an address has at most. */
  readonly burst: number;
  /** How many addresses are watched; one not heard of for long is forgotten first. */
  readonly addresses: number;
}

/** `answer`: the address has spent more than it has, but gets the one answer of this second; `drop`: it gets none. */
export type Spending = 'within' | 'answer' | 'drop';

/**
 * What each address may cost this server in work that brings nobody anything: a bucket of tokens by IP address. Past
 * it one answer a second still goes out, so that an honest client behind the same address learns what is asked of it.
 */
export class AddressBudgets {
  readonly #budget: AddressBudget;
  readonly #clock: Clock;
  // Two generations instead of a list in order of use, as the flows of a UDP listener.
  #recent = new Map<string, Bucket>();
  #older = new Map<string, Bucket>();

  constructor(budget: AddressBudget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
  }

  spend(host: string): Spending {
    const now = this.#clock.now();
    const bucket = this.#bucketOf(host, now);
    this.#refill(bucket, now);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 'within';
    }
    if (now - bucket.answeredAt < 1000) return 'drop';
    bucket.answeredAt = now;
    return 'answer';
  }

  /** What was spent turned out to be honest work: a challenge that was met. */
  refund(host: string): void {
    const bucket = this.#recent.get(host) ?? this.#older.get(host);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#budget.burst, bucket.tokens + 1);
  }

  #refill(bucket: Bucket, now: number): void {
    bucket.tokens = Math.min(this.#budget.burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#budget.perSecond);
    bucket.at = now;
  }

  #bucketOf(host: string, now: number): Bucket {
    const known = this.#recent.get(host);
    if (known !== undefined) return known;
    // The host of a flow is a text of its own, no part of a message.
    const bucket = this.#older.get(host) ?? { tokens: this.#budget.burst, at: now, answeredAt: Number.NEGATIVE_INFINITY };
    if (this.#recent.size >= this.#budget.addresses / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(host, bucket);
    return bucket;
  }
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right, milliseconds since the epoch. */
  at: number;
  /** When the address last got an answer beyond its tokens. */
  answeredAt: number;
}
