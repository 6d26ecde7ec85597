import type { Outbox, OwedRequest, QueueFault, SipCore } from '@opencpm/cpm';
import type { Clock, SipRequest } from '@opencpm/sip';
import type { OutboxRow, OutboxRows } from '@opencpm/storage';
import type { Log } from '../platform.ts';
import { functionClock } from './clock.ts';
import { triedAgain } from './tried-again.ts';

/** How many owed requests are under way at once. */
const passSize = 32;
/** First pause after a failure and longest one, milliseconds; it doubles in between. */
const firstPauseMilliseconds = 30_000;
const longestPauseMilliseconds = 3_600_000;

/** Longer than an attempt takes. A row of a node that died meanwhile is sent again after that, under the same names. */
const claimMilliseconds = 90_000;

export interface OutboxSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly isShared: boolean;
}

/**
 * Sends what is owed because of something that was committed: notifications of the function. Rows stay until a 2xx or
 * a refusal for good, so a crash repeats at most what its receiver takes for a retransmission. A process that lives on
 * repeats nothing that was answered, however long the database keeps its row.
 */
export class OutboxSender implements Outbox {
  readonly #rows: OutboxRows;
  readonly #core: SipCore;
  readonly #clock: Clock;
  readonly #waits: ReturnType<typeof functionClock>;
  readonly #log: Log;
  readonly #isShared: boolean;
  /** Done with, and still rows of the database. */
  readonly #answered = new Map<string, OutboxRow>();
  #working: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #cancelWake: () => void = () => undefined;

  /** `isShared`: other nodes send from the same outbox, and each row is claimed before it is sent. */
  constructor(rows: OutboxRows, core: SipCore, { clock, log, isShared }: OutboxSurroundings) {
    this.#rows = rows;
    this.#core = core;
    this.#clock = clock;
    this.#waits = functionClock(clock);
    this.#log = log;
    this.#isShared = isShared;
  }

  async owe(request: OwedRequest): Promise<QueueFault | undefined> {
    const fault = await this.#rows.insert(request);
    if (fault === undefined) this.wake();
    return fault;
  }

  /** There may be something to send now. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#working !== undefined) {
      this.#again = true;
      return;
    }
    this.#working = this.#work()
      .catch((error) => this.#log.error({ where: 'outbox', reason: String(error) }, 'The outbox stopped at a fault.'))
      .finally(() => {
        this.#working = undefined;
        // Woken after the last look: what is owed since then may not wait for the next occasion.
        if (this.#again) this.wake();
      });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWake();
  }

  /** Resolves when nothing is on its way: for the end of a server, after `stop`. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    do {
      this.#again = false;
      const rows = await this.#rows.due(this.#clock.now(), passSize);
      if ('kind' in rows) return this.#afterFault(rows);
      const faults = await Promise.all(this.#attempts(rows));
      // What could not be taken off the list would be due at once again.
      const fault = faults.find((each) => each !== undefined);
      if (fault !== undefined) return this.#afterFault(fault);
      if (rows.length === passSize) this.#again = true;
    } while (this.#again && !this.#stopped);
    const next = await this.#rows.nextDue();
    if (typeof next === 'number') this.#wakeAt(next);
  }

  /** Those that have their answer leave the list at last, also when another node's time for them has not come. */
  #attempts(due: readonly OutboxRow[]): readonly Promise<QueueFault | undefined>[] {
    const answered = [...this.#answered.values()];
    const unanswered = due.filter((row) => !this.#answered.has(keyOf(row)));
    return [...answered.map((row) => this.#remove(row)), ...unanswered.map((row) => this.#send(row))];
  }

  #afterFault({ reason }: QueueFault): void {
    this.#log.error({ where: 'outbox', reason }, 'The outbox waits because of a fault of the database.');
    this.#wakeAt(this.#clock.now() + firstPauseMilliseconds);
  }

  async #send(row: OutboxRow): Promise<QueueFault | undefined> {
    if (this.#isShared) {
      const claimed = await this.#rows.claim(row, this.#clock.now() + claimMilliseconds);
      if (claimed !== true) return claimed === false ? undefined : claimed;
    }
    if (row.expiresAt <= this.#clock.now()) return this.#giveUp(row, 'its time is over');
    const { status } = await this.#core.onward(attemptOf(row), []);
    if (status < 300) return this.#remove(row);
    if (isForGood(status)) return this.#giveUp(row, `it was answered ${status}`);
    const pause = Math.min(firstPauseMilliseconds * 2 ** row.attempts, longestPauseMilliseconds);
    return this.#rows.retryAt(row, this.#clock.now() + pause);
  }

  #giveUp(row: OutboxRow, reason: string): Promise<QueueFault | undefined> {
    this.#log.warn({ reason }, 'A notification was given up.');
    return this.#remove(row);
  }

  /** It is over: sent again because its row is still there, it would be another request to a server of another domain. */
  async #remove(row: OutboxRow): Promise<QueueFault | undefined> {
    this.#answered.set(keyOf(row), row);
    const fault = await triedAgain(() => this.#rows.remove(row), this.#waits);
    if (fault === undefined) this.#answered.delete(keyOf(row));
    return fault;
  }

  #wakeAt(time: number): void {
    this.#cancelWake();
    if (!this.#stopped) this.#cancelWake = this.#clock.wakeAt(Math.max(time, this.#clock.now() + 1), () => this.wake());
  }
}

function keyOf({ owner, id }: OutboxRow): string {
  return `${owner} ${id}`;
}

/** After a final answer the next attempt is another request, with a Call-ID of its own. */
function attemptOf({ request, attempts }: OutboxRow): SipRequest {
  if (attempts === 0) return request;
  return { ...request, headers: request.headers.with('Call-ID', `${attempts}-${request.headers.text('Call-ID') ?? ''}`) };
}

function isForGood(status: number): boolean {
  return status >= 600 || (status >= 400 && status < 500 && !temporaryStatuses.has(status));
}

/** 4xx answers that another time may bring something else. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 480, 486, 491]);
