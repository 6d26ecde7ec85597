/**
 * Many deadlines over one clock wake. Deadlines are kept in buckets of 20 ms, those that are seconds away in every tenth
 * of them, so that arming, moving and cancelling one costs a few array writes, and a bucket fires as a whole; a deadline
 * fires at its time or up to one bucket later, 20 ms for what is near and 200 ms for what was armed seconds before.
 */
import type { CancelWake, Clock } from './platform.ts';

/** Width of a bucket in milliseconds: far below T1, and at most fifty clock wakes in a second. */
const bucketMilliseconds = 20;
/** From so many buckets ahead on, deadlines are rounded up to a multiple of `farStep`: a server that has just been busy wakes five times a second. */
const farBuckets = 250;
const farStep = 10;

/** Something with at most one deadline. Its owner reads `deadline` only; the other fields belong to the wheel. */
export interface TimerEntry {
  /** Milliseconds; Infinity when none. */
  deadline: number;
  bucket: TimerBucket | undefined;
  bucketIndex: number;
  /** Called when the deadline has passed; it may arm the entry again. */
  expired(now: number): void;
}

export interface TimerBucket {
  readonly tick: number;
  readonly entries: TimerEntry[];
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, TimerBucket>();
  #wakeTick = Number.POSITIVE_INFINITY;
  #cancelWake: CancelWake | undefined;
  #firing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets or moves the entry's deadline; Infinity cancels it. */
  arm(entry: TimerEntry, deadline: number): void {
    entry.deadline = deadline;
    if (deadline === Number.POSITIVE_INFINITY) {
      this.#remove(entry);
      return;
    }
    const tick = this.#tickOf(deadline);
    // A deadline that only moves away stays where it is; its bucket passes it on when its turn comes.
    if (entry.bucket !== undefined && entry.bucket.tick <= tick) return;
    this.#remove(entry);
    this.#insert(entry, tick);
  }

  cancel(entry: TimerEntry): void {
    this.arm(entry, Number.POSITIVE_INFINITY);
  }

  /** Forgets every deadline. */
  clear(): void {
    this.#sleep();
    for (const bucket of this.#buckets.values()) {
      for (const entry of bucket.entries) {
        entry.bucket = undefined;
        entry.deadline = Number.POSITIVE_INFINITY;
      }
    }
    this.#buckets.clear();
  }

  #tickOf(deadline: number): number {
    const tick = Math.ceil(deadline / bucketMilliseconds);
    const isFar = tick - this.#clock.now() / bucketMilliseconds > farBuckets;
    return isFar ? Math.ceil(tick / farStep) * farStep : tick;
  }

  #insert(entry: TimerEntry, tick: number): void {
    let bucket = this.#buckets.get(tick);
    if (bucket === undefined) {
      bucket = { tick, entries: [] };
      this.#buckets.set(tick, bucket);
      if (tick < this.#wakeTick && !this.#firing) this.#wakeAt(tick);
    }
    entry.bucket = bucket;
    entry.bucketIndex = bucket.entries.push(entry) - 1;
  }

  #remove(entry: TimerEntry): void {
    const bucket = entry.bucket;
    if (bucket === undefined) return;
    entry.bucket = undefined;
    const last = bucket.entries.pop();
    if (last !== undefined && last !== entry) {
      bucket.entries[entry.bucketIndex] = last;
      last.bucketIndex = entry.bucketIndex;
    }
    if (bucket.entries.length > 0 || this.#buckets.get(bucket.tick) !== bucket) return;
    this.#buckets.delete(bucket.tick);
    if (this.#buckets.size === 0) this.#sleep();
  }

  #sleep(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
  }

  #wakeAt(tick: number): void {
    this.#cancelWake?.();
    this.#wakeTick = tick;
    this.#cancelWake = this.#clock.wakeAt(tick * bucketMilliseconds, () => this.#fire());
  }

  #fire(): void {
    this.#cancelWake = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
    this.#firing = true;
    const now = this.#clock.now();
    try {
      for (const tick of this.#dueTicks(now)) this.#fireBucket(tick, now);
    } finally {
      this.#firing = false;
      this.#wakeForNext();
    }
  }

  #dueTicks(now: number): number[] {
    const due: number[] = [];
    for (const tick of this.#buckets.keys()) if (tick * bucketMilliseconds <= now) due.push(tick);
    return due.sort((a, b) => a - b);
  }

  #fireBucket(tick: number, now: number): void {
    const bucket = this.#buckets.get(tick);
    if (bucket === undefined) return;
    // Out of the table first: what is armed meanwhile gets a bucket of its own, what is cancelled leaves this one.
    this.#buckets.delete(tick);
    for (let entry = bucket.entries.pop(); entry !== undefined; entry = bucket.entries.pop()) {
      entry.bucket = undefined;
      if (entry.deadline > now) this.arm(entry, entry.deadline);
      else {
        entry.deadline = Number.POSITIVE_INFINITY;
        entry.expired(now);
      }
    }
  }

  #wakeForNext(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const tick of this.#buckets.keys()) if (tick < next) next = tick;
    if (next !== Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }
}
