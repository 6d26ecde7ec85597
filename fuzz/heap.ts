import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Growth that is no leak: compiled code and the tables of the report. Octets. */
const allowedGrowth = 24 * 1024 * 1024;

/** Measures the heap after a full collection, and says whether it grows over a run. */
export class HeapWatch {
  readonly #samples: number[] = [];
  readonly #collect: () => void;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc');
  }

  /** Octets on the heap, each sample in its order. */
  get samples(): readonly number[] {
    return this.#samples;
  }

  sample(): void {
    this.#collect();
    this.#samples.push(process.memoryUsage().heapUsed);
  }

  /** The first sample is left out of the comparison: by then not everything has been met once. */
  get grew(): boolean {
    const [, second, ...later] = this.#samples;
    return second !== undefined && later.length > 0 && Math.min(...later.slice(-2)) > second + allowedGrowth;
  }
}
