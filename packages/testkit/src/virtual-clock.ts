import type { CancelWake, Clock } from '@opencpm/sip';
import { ProcessClock } from './process-clock.ts';
import { settle } from './settle.ts';
import { type Wake, WakeQueue } from './wake-queue.ts';

/** Where virtual time begins when a test does not care: 2024-01-01T00:00:00Z, in milliseconds since the Unix epoch. */
export const defaultStartMilliseconds = 1_704_067_200_000;

/** Wakes at one instant before the clock calls it a loop that never lets time pass. */
const maxWakesPerInstant = 100_000;

/**
 * Time that passes only when a test lets it. Wakes fire in the order of (time, order of asking); after each one all
 * promise chains run to their end (see `settle`) before the next, so that a run is the same every time.
 */
export class VirtualClock implements Clock {
  #now: number;
  #sequence = 0;
  #pending = 0;
  #running = false;
  readonly #queue = new WakeQueue();

  constructor(startMilliseconds: number = defaultStartMilliseconds) {
    this.#now = startMilliseconds;
  }

  now(): number {
    return this.#now;
  }

  /** A time that is already past counts as now: its wake comes after those that were asked for before it. */
  wakeAt(atMilliseconds: number, wake: () => void): CancelWake {
    if (!Number.isFinite(atMilliseconds)) throw new Error(`wakeAt needs a finite time, got ${atMilliseconds}`);
    const entry: Wake = {
      atMilliseconds: Math.max(atMilliseconds, this.#now),
      sequence: this.#sequence,
      call: wake,
      over: false,
    };
    this.#sequence += 1;
    this.#pending += 1;
    this.#queue.add(entry);
    return () => this.#retire(entry);
  }

  /** Wakes that are still to come; 0 when a world is quiet. */
  get pendingWakes(): number {
    return this.#pending;
  }

  /** When the next wake is due, if there is one. */
  get nextWakeMilliseconds(): number | undefined {
    return this.#queue.peek()?.atMilliseconds;
  }

  /** Lets time pass up to that moment, which must not lie in the past; wakes due at it are fired too. */
  async advanceTo(atMilliseconds: number): Promise<void> {
    if (atMilliseconds < this.#now) throw new Error(`time runs forward only: now ${this.#now}, asked for ${atMilliseconds}`);
    await this.#run(() => false, atMilliseconds);
  }

  async runFor(milliseconds: number): Promise<void> {
    await this.advanceTo(this.#now + milliseconds);
  }

  /**
   * Lets time pass until `predicate` holds, at most `limitMilliseconds`. True when it held; time then stands where it
   * began to hold. The predicate is asked at first and after each wake, always with all promise chains at rest.
   */
  async runUntil(predicate: () => boolean, limitMilliseconds: number): Promise<boolean> {
    return await this.#run(predicate, this.#now + limitMilliseconds);
  }

  /** Lets time pass until the promise is settled and gives its outcome; throws when that takes longer than the limit. */
  async runToEnd<T>(promise: Promise<T>, limitMilliseconds: number): Promise<T> {
    let settled = false;
    const note = () => {
      settled = true;
    };
    promise.then(note, note);
    const inTime = await this.runUntil(() => settled, limitMilliseconds);
    if (!inTime) throw new Error(`not settled within ${limitMilliseconds} ms of virtual time`);
    return await promise;
  }

  /** A clock for one process of the world: it can be off by a skew, and its wakes die with the process. */
  process(skewMilliseconds = 0): ProcessClock {
    return new ProcessClock(this, skewMilliseconds);
  }

  async #run(predicate: () => boolean, untilMilliseconds: number): Promise<boolean> {
    if (this.#running) throw new Error('the virtual clock is already running: await the call before');
    this.#running = true;
    try {
      await settle();
      return await this.#fireUntil(predicate, untilMilliseconds);
    } finally {
      this.#running = false;
    }
  }

  async #fireUntil(predicate: () => boolean, untilMilliseconds: number): Promise<boolean> {
    let wakesNow = 0;
    while (!predicate()) {
      const wake = this.#takeDue(untilMilliseconds);
      if (wake === undefined) {
        this.#now = Math.max(this.#now, untilMilliseconds);
        return false;
      }
      wakesNow = wake.atMilliseconds === this.#now ? wakesNow + 1 : 1;
      if (wakesNow > maxWakesPerInstant) throw new Error(`more than ${maxWakesPerInstant} wakes at ${this.#now}: a loop without time`);
      this.#now = wake.atMilliseconds;
      wake.call();
      await settle();
    }
    return true;
  }

  #takeDue(untilMilliseconds: number): Wake | undefined {
    const next = this.#queue.peek();
    if (next === undefined || next.atMilliseconds > untilMilliseconds) return undefined;
    this.#queue.take();
    this.#retire(next);
    return next;
  }

  /** Once for each wake, whether it fired or was cancelled. */
  #retire(wake: Wake): void {
    if (wake.over) return;
    wake.over = true;
    this.#pending -= 1;
  }
}
