import type { Outbox, OwedRequest, QueueFault, SipCore } from '@opencpm/cpm';
import type { Clock } from '@opencpm/sip';
import type { OutboxRow, OutboxRows } from '@opencpm/storage';
import type { Log } from '../platform.ts';

/** How many owed requests are under way at once. */
const passSize = 32;
/** First pause after a failure and longest one, milliseconds; it doubles in between. */
const firstPauseMilliseconds = 30_000;
const longestPauseMilliseconds = 3_600_000;

/**
 * Sends what is owed because of something that was committed: notifications of the function. Rows stay until a 2xx or
 * a refusal for good, so a crash repeats at most what its receiver takes for a retransmission.
 */
export class OutboxSender implements Outbox {
  readonly #rows: OutboxRows;
  readonly #core: SipCore;
  readonly #clock: Clock;
  readonly #log: Log;
  #working = false;
  #again = false;
  #stopped = false;
  #cancelWake: () => void = () => undefined;

  constructor(rows: OutboxRows, core: SipCore, clock: Clock, log: Log) {
    this.#rows = rows;
    this.#core = core;
    this.#clock = clock;
    this.#log = log;
  }

  async owe(request: OwedRequest): Promise<QueueFault | undefined> {
    const fault = await this.#rows.insert(request);
    if (fault === undefined) this.wake();
    return fault;
  }

  /** There may be something to send now. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#working) {
      this.#again = true;
      return;
    }
    this.#working = true;
    this.#work().catch((error) => this.#log.error({ where: 'outbox', reason: String(error) }, 'The outbox stopped at a fault.'));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWake();
  }

  async #work(): Promise<void> {
    try {
      do {
        this.#again = false;
        const rows = await this.#rows.due(this.#clock.now(), passSize);
        if ('kind' in rows) return this.#wakeAt(this.#clock.now() + firstPauseMilliseconds);
        await Promise.all(rows.map((row) => this.#send(row)));
        if (rows.length === passSize) this.#again = true;
      } while (this.#again && !this.#stopped);
      const next = await this.#rows.nextDue();
      if (typeof next === 'number') this.#wakeAt(next);
    } finally {
      this.#working = false;
    }
  }

  async #send(row: OutboxRow): Promise<void> {
    const now = this.#clock.now();
    const status = row.expiresAt > now ? (await this.#core.onward(row.request, [])).status : 408;
    const forGood = row.expiresAt <= now || (status >= 400 && status < 500 && !temporaryStatuses.has(status)) || status >= 600;
    if (status < 300 || forGood) {
      if (status >= 300) this.#log.warn({ status }, 'A notification was given up.');
      await this.#rows.remove(row);
    } else {
      await this.#rows.retryAt(row, this.#clock.now() + Math.min(firstPauseMilliseconds * 2 ** row.attempts, longestPauseMilliseconds));
    }
  }

  #wakeAt(time: number): void {
    this.#cancelWake();
    if (!this.#stopped) this.#cancelWake = this.#clock.wakeAt(Math.max(time, this.#clock.now() + 1), () => this.wake());
  }
}

/** 4xx answers that another time may bring something else. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 480, 486, 491]);
