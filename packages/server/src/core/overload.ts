import type { Limits } from '../configuration/configuration.ts';
import type { LoadGauges } from '../observability/load-gauges.ts';

/** Once overloaded, the load has to fall to this share of its limit before requests are taken again. */
const reliefShare = 0.5;
/** The share of the queue of commits that stays free for what is under way: answers, removals, what is owed. */
const freeQueueShare = 0.2;

/**
 * Whether this server as a whole has more to do than it can: its event loop is late, or too much waits for the
 * database. Then new requests are answered 503 while what is under way still fits, rather than when nothing does.
 */
export class Overload {
  readonly #load: LoadGauges;
  readonly #limits: Pick<Limits, 'eventLoopDelayMilliseconds' | 'pendingCommits'>;
  #isOverloaded = false;

  constructor(load: LoadGauges, limits: Pick<Limits, 'eventLoopDelayMilliseconds' | 'pendingCommits'>) {
    this.#load = load;
    this.#limits = limits;
  }

  /** Read before each request that is taken on. */
  get isOverloaded(): boolean {
    const share = this.#isOverloaded ? reliefShare : 1;
    const { eventLoopDelayMilliseconds, pendingCommits } = this.#limits;
    this.#isOverloaded =
      this.#load.eventLoopDelayMilliseconds > eventLoopDelayMilliseconds * share ||
      this.#load.pendingCommits > pendingCommits * (1 - freeQueueShare) * share;
    return this.#isOverloaded;
  }
}
