import type { QueueFault } from '@opencpm/cpm';

/** What only the database knows; undefined while it does not answer. */
export interface Figures {
  readonly deferred: number | undefined;
  /** Milliseconds since the epoch, or that nothing waits. */
  readonly oldestArrival: number | 'none' | undefined;
  readonly owed: number | undefined;
}

/** The repositories that are asked. */
export interface CountedQueues {
  readonly deferredMessages: { count(): Promise<number | QueueFault>; oldestArrival(): Promise<number | undefined | QueueFault> };
  readonly outbox: { count(): Promise<number | QueueFault> };
}

/** How old an answer may be: whoever scrapes more often, or several who scrape, cost the database nothing more. */
const freshMilliseconds = 5000;

/** Depths of the queues, asked at most once in `freshMilliseconds`. */
export class QueueFigures {
  readonly #queues: CountedQueues;
  readonly #now: () => number;
  #askedAt = Number.NEGATIVE_INFINITY;
  #answer: Promise<Figures> | undefined;

  constructor(queues: CountedQueues, now: () => number) {
    this.#queues = queues;
    this.#now = now;
  }

  figures(): Promise<Figures> {
    const now = this.#now();
    if (this.#answer !== undefined && now - this.#askedAt < freshMilliseconds) return this.#answer;
    this.#askedAt = now;
    this.#answer = this.#ask();
    return this.#answer;
  }

  async #ask(): Promise<Figures> {
    const { deferredMessages, outbox } = this.#queues;
    const [deferred, oldest, owed] = await Promise.all([deferredMessages.count(), deferredMessages.oldestArrival(), outbox.count()]);
    return { deferred: known(deferred), oldestArrival: known(oldest === undefined ? 'none' : oldest), owed: known(owed) };
  }
}

function known<T extends number | string>(answer: T | QueueFault): T | undefined {
  return typeof answer === 'object' ? undefined : answer;
}
