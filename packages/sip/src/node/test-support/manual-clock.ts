import type { CancelWake, Clock } from '../../platform.ts';

interface Wake {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock for tests that moves when it is told to. */
export class ManualClock implements Clock {
  time = 0;
  /** Most wakes that were set at one time. */
  mostWakes = 0;
  readonly #wakes = new Set<Wake>();

  get wakes(): number {
    return this.#wakes.size;
  }

  now(): number {
    return this.time;
  }

  wakeAt(at: number, wake: () => void): CancelWake {
    const entry = { at, wake };
    this.#wakes.add(entry);
    this.mostWakes = Math.max(this.mostWakes, this.#wakes.size);
    return () => this.#wakes.delete(entry);
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#wakes.delete(next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = end;
  }

  #next(): Wake | undefined {
    let next: Wake | undefined;
    for (const wake of this.#wakes) if (next === undefined || wake.at < next.at) next = wake;
    return next;
  }
}
