import type { CancelWake, Clock } from '@opencpm/sip';

/** Waiting by the clock, which ends early when the client closes. */
export class Pauses {
  readonly #clock: Clock;
  readonly #waiting = new Map<CancelWake, (passed: boolean) => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when the time has passed, false when the client was closed before. */
  pause(milliseconds: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.#clock.wakeAt(this.#clock.now() + milliseconds, () => {
        this.#waiting.delete(cancel);
        resolve(true);
      });
      this.#waiting.set(cancel, resolve);
    });
  }

  close(): void {
    this.#closed = true;
    for (const [cancel, resolve] of this.#waiting) {
      cancel();
      resolve(false);
    }
    this.#waiting.clear();
  }
}
