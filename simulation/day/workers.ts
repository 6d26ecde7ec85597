import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DayOutcome } from './outcome.ts';

/** Lives days in several threads: a day is one thread's, so that its virtual time is its own. */
export class DayWorkers {
  readonly #threads: number;
  readonly #bug: string | undefined;
  readonly #digests = new Map<number, string>();

  constructor(threads: number, bug?: string) {
    this.#threads = threads;
    this.#bug = bug;
  }

  /** Lives the days of the seeds from `from` on; resolves when all have been told. Rejects when a thread dies. */
  async live(from: number, count: number, told: (outcome: DayOutcome) => void): Promise<void> {
    let next = from;
    const work = async (): Promise<void> => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { bug: this.#bug } });
      try {
        while (next < from + count) {
          worker.postMessage(next);
          next += 1;
          const [outcome]: DayOutcome[] = await once(worker, 'message');
          if (outcome === undefined) throw new Error('a thread sent nothing');
          this.#digests.set(outcome.seed, outcome.digest);
          told(outcome);
        }
      } finally {
        await worker.terminate();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#threads, count) }, work));
  }

  /** Of the digests of all days so far, by their seeds. */
  digest(): string {
    const hash = createHash('sha256');
    for (const [seed, digest] of [...this.#digests].sort(([first], [second]) => first - second)) hash.update(`${seed} ${digest}\n`);
    return hash.digest('hex').slice(0, 16);
  }
}
