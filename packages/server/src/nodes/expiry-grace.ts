/**
 * So long another node may still wait for a client's answer to a message that has expired meanwhile, and only one of the two may be
 * told. Two transactions of 32 s (RFC 3261 §17.1.2.2) and their ends.
 */
const answerMilliseconds = 80_000;

/**
 * How much later than its time a message expires where there may be several nodes. For a node that has been alone for as long as
 * that, only so much that a new one is seen first, and the clocks of both may differ: nobody pushes what has expired by his own clock.
 */
export class ExpiryGrace {
  readonly #leaseMilliseconds: number;
  #aloneSince = Number.POSITIVE_INFINITY;

  /** A node that is there is seen within its lease. */
  constructor(leaseMilliseconds: number) {
    this.#leaseMilliseconds = leaseMilliseconds;
  }

  /** The leases were read at that time, and this node's own was never lost since it looked last. */
  looked(now: number, isAnotherAlive: boolean): void {
    this.#aloneSince = isAnotherAlive ? Number.POSITIVE_INFINITY : Math.min(this.#aloneSince, now);
  }

  /** Others may have come and gone unseen. */
  lost(): void {
    this.#aloneSince = Number.POSITIVE_INFINITY;
  }

  /** In milliseconds. */
  at(now: number): number {
    return now - this.#aloneSince >= answerMilliseconds ? Math.min(this.#leaseMilliseconds, answerMilliseconds) : answerMilliseconds;
  }
}
