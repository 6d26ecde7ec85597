/**
 * Counts as the hot path keeps them: plain integers in arrays that are made once. A scrape reads them; nothing here
 * knows of Prometheus.
 */

const lowestStatus = 100;
const statuses = 600;

/** Counts by a row and a SIP status (100 to 699; another one counts as 699). One count is one addition. */
export class StatusTally {
  readonly #counts: Float64Array;

  constructor(rows: number) {
    this.#counts = new Float64Array(rows * statuses);
  }

  count(row: number, status: number): void {
    const column = status >= lowestStatus && status < lowestStatus + statuses ? status - lowestStatus : statuses - 1;
    const at = row * statuses + column;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Calls back for each count above zero. */
  each(visit: (row: number, status: number, count: number) => void): void {
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0) visit(Math.floor(at / statuses), (at % statuses) + lowestStatus, count);
    }
  }
}

/** Counts by one of a few names. */
export class NameTally<Name extends string> {
  readonly #counts = new Map<Name, number>();

  /** Every name is shown from the start, so that a rate over it exists before its first count. */
  constructor(names: readonly Name[]) {
    for (const name of names) this.#counts.set(name, 0);
  }

  count(name: Name, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  get entries(): ReadonlyMap<Name, number> {
    return this.#counts;
  }
}
