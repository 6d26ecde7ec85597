import type { CancelWake, Clock } from '@opencpm/sip';

/**
 * The clock of one process in a virtual world. It differs from the world's time by a constant skew, and it can be
 * stopped: a crashed process must not be woken any more, while its peers' timers run on.
 */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  readonly #skewMilliseconds: number;
  readonly #waiting = new Set<CancelWake>();
  #stopped = false;

  constructor(world: Clock, skewMilliseconds = 0) {
    this.#world = world;
    this.#skewMilliseconds = skewMilliseconds;
  }

  now(): number {
    return this.#world.now() + this.#skewMilliseconds;
  }

  wakeAt(atMilliseconds: number, wake: () => void): CancelWake {
    if (this.#stopped) return () => undefined;
    const cancelInWorld = this.#world.wakeAt(atMilliseconds - this.#skewMilliseconds, () => {
      this.#waiting.delete(cancel);
      wake();
    });
    const cancel = () => {
      this.#waiting.delete(cancel);
      cancelInWorld();
    };
    this.#waiting.add(cancel);
    return cancel;
  }

  /** Wakes of this process that are still to come. */
  get pendingWakes(): number {
    return this.#waiting.size;
  }

  /** As the process's end: no wake of it fires from now on. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of [...this.#waiting]) cancel();
  }
}
