/** A database that does not answer within this counts as not there. */
const databasePatienceMilliseconds = 2000;

export interface ReadinessSurroundings {
  /** New requests are refused just now because there is more to do than can be done. */
  readonly isOverloaded: () => boolean;
  /** Resolves with true when the database has answered. */
  readonly databaseAnswers: () => Promise<boolean>;
  readonly clock: { now(): number; wakeAt(atMilliseconds: number, wake: () => void): () => void };
}

export type ServerPhase = 'starting' | 'serving' | 'draining';

export interface ReadinessReport {
  readonly ready: boolean;
  /** Empty when ready: `starting`, `draining`, `database`, `overload`. */
  readonly reasons: readonly string[];
}

/** Whether new work should be sent here (`GET /readyz`). */
export class Readiness {
  phase: ServerPhase = 'starting';
  readonly #surroundings: ReadinessSurroundings;
  /** One question at a time: who asks while it is open waits for the same answer. */
  #asking: Promise<boolean> | undefined;

  constructor(surroundings: ReadinessSurroundings) {
    this.#surroundings = surroundings;
  }

  async report(): Promise<ReadinessReport> {
    const reasons = [
      ...(this.phase === 'serving' ? [] : [this.phase]),
      ...((await this.#databaseAnswers()) ? [] : ['database']),
      ...(this.#surroundings.isOverloaded() ? ['overload'] : []),
    ];
    return { ready: reasons.length === 0, reasons };
  }

  #databaseAnswers(): Promise<boolean> {
    if (this.#asking === undefined) {
      this.#asking = this.#ask();
      const done = () => {
        this.#asking = undefined;
      };
      this.#asking.then(done, done);
    }
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { clock, databaseAnswers } = this.#surroundings;
    const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
    const cancel = clock.wakeAt(clock.now() + databasePatienceMilliseconds, () => resolve(false));
    try {
      return await Promise.race([databaseAnswers(), tooLate]);
    } finally {
      cancel();
    }
  }
}
