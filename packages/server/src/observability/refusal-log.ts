import type { Log, LogFields } from './log.ts';

/** One line of a kind in that time; what comes meanwhile is counted. */
const quietMilliseconds = 10_000;

/**
 * Lines about what peers do wrong, of which a flood may bring any number: each kind gets one line at once and then at
 * most one every ten seconds, which says how many came since the last one.
 */
export class RefusalLog {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { quietUntil: number; unsaid: number }>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** `kind` has few values, none of them a peer's choice; `fields` is called for a line that is written. */
  note(kind: string, text: string, fields: () => LogFields): void {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    if (known !== undefined && now < known.quietUntil) {
      known.unsaid += 1;
      return;
    }
    this.#kinds.set(kind, { quietUntil: now + quietMilliseconds, unsaid: 0 });
    this.#log.info({ ...fields(), more: known?.unsaid ?? 0 }, text);
  }
}
