import { type ExpiryWatch, expireDeferredMessages, type QueueFault, type TerminatingContext } from '@opencpm/cpm';
import type { Clock } from '@opencpm/sip';
import type { CoreContext } from '../core/core-context.ts';
import type { DatabaseServices } from '../database-services.ts';

/** How often expired bindings, duplicate keys and anonymous originators are dropped, and the longest time until expiry is looked at again. */
const sweepMilliseconds = 60_000;
/** The shortest pause between two passes over expired messages. */
const passMilliseconds = 20;
/** After a pass the pause is at least so many times as long as it took: the busier the server is, the more of its time is for others. */
const pauseShare = 2;

/** What upkeep calls once the server runs. */
export interface Running {
  readonly functions: TerminatingContext;
  /** Something may be owed now. */
  outboxChanged(): void;
  /** Whether it is this process that works for all of several: expiry of messages, forgetting of keys. */
  isOurs(): boolean;
}

/** What a server does by the clock: expiry of messages (B-8.3.1.6.1-10), bindings, duplicate keys and anonymous originators. */
export class Upkeep implements ExpiryWatch {
  readonly #clock: Clock;
  readonly #core: CoreContext;
  readonly #services: DatabaseServices;
  #running: Running | undefined;
  #nextLook = Number.POSITIVE_INFINITY;
  #cancelLook: () => void = () => undefined;
  #cancelSweep: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(core: CoreContext, services: DatabaseServices) {
    this.#clock = core.clock;
    this.#core = core;
    this.#services = services;
  }

  start(running: Running): void {
    this.#running = running;
    this.#lookBy(this.#clock.now() + passMilliseconds);
    this.#sweepLater();
  }

  /** Begins nothing more; resolves when what is under way has ended, for which the database must be there. */
  async stop(): Promise<void> {
    this.#running = undefined;
    this.#cancelLook();
    this.#cancelSweep();
    await Promise.all([this.#looking, this.#sweeping]);
  }

  /** The work is this process's from now on. */
  look(): void {
    this.#lookBy(this.#clock.now() + passMilliseconds);
  }

  expect(expiresAt: number): void {
    this.#lookBy(Math.max(expiresAt, this.#clock.now() + passMilliseconds));
  }

  /** The earliest look that anybody asked for is the one that is armed. */
  #lookBy(time: number): void {
    if (this.#running === undefined || time >= this.#nextLook) return;
    this.#cancelLook();
    this.#nextLook = time;
    this.#cancelLook = this.#clock.wakeAt(time, () => {
      this.#nextLook = Number.POSITIVE_INFINITY;
      this.#looking = this.#expire().catch((error) => this.#failed('expiry', error));
    });
  }

  async #expire(): Promise<void> {
    // Who does not do it looks when he begins to.
    if (this.#running?.isOurs() !== true) return;
    const { functions, outboxChanged } = this.#running;
    const began = this.#clock.now();
    const next = await expireDeferredMessages(functions);
    outboxChanged();
    const now = this.#clock.now();
    const pause = Math.max(passMilliseconds, pauseShare * (now - began));
    this.#lookBy(Math.max(now + pause, Math.min(next ?? Number.POSITIVE_INFINITY, now + sweepMilliseconds)));
  }

  #sweepLater(): void {
    if (this.#running === undefined) return;
    this.#cancelSweep = this.#clock.wakeAt(this.#clock.now() + sweepMilliseconds, () => {
      this.#sweeping = this.#sweep()
        .catch((error) => this.#failed('sweep', error))
        .finally(() => this.#sweepLater());
    });
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now();
    const { deferredMessages, anonymousOriginators } = this.#services;
    const faults = [
      await this.#core.location.sweep(now),
      await this.#forget(() => deferredMessages.forgetKeys(now)),
      await this.#forget(() => anonymousOriginators.forgetExpired(now)),
    ];
    for (const fault of faults) if (fault !== undefined) this.#failed('sweep', fault.reason);
  }

  /** Until all is gone: a day of messages may be over in one minute. */
  async #forget(some: () => Promise<'more' | QueueFault | undefined>): Promise<QueueFault | undefined> {
    while (this.#running?.isOurs() === true) {
      const outcome = await some();
      if (outcome !== 'more') return outcome;
    }
    return undefined;
  }

  #failed(where: string, error: unknown): void {
    this.#core.log.error({ where, reason: String(error) }, 'Upkeep met a fault and goes on later.');
    if (where === 'expiry') this.#lookBy(this.#clock.now() + sweepMilliseconds);
  }
}
