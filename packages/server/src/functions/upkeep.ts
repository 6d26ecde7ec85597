import { expireDeferredMessages, type TerminatingContext } from '@opencpm/cpm';
import type { Clock } from '@opencpm/sip';
import type { CoreContext } from '../core/core-context.ts';
import type { DatabaseServices } from '../database-services.ts';

/** How often expired bindings and duplicate keys are dropped, and the longest time until expiry is looked at again. */
const sweepMilliseconds = 60_000;
/** The shortest pause between two passes over expired messages. */
const passMilliseconds = 100;

/** What a server does by the clock: expiry of messages (B-8.3.1.6.1-10), bindings and duplicate keys. */
export class Upkeep {
  readonly #clock: Clock;
  readonly #core: CoreContext;
  readonly #services: DatabaseServices;
  readonly #functions: TerminatingContext;
  #cancelExpiry: () => void = () => undefined;
  #cancelSweep: () => void = () => undefined;
  #stopped = false;
  #outboxChanged: () => void;

  constructor(core: CoreContext, services: DatabaseServices, functions: TerminatingContext, outboxChanged: () => void) {
    this.#clock = core.clock;
    this.#core = core;
    this.#services = services;
    this.#functions = functions;
    this.#outboxChanged = outboxChanged;
  }

  start(): void {
    this.#expireAt(this.#clock.now() + passMilliseconds);
    this.#sweepLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelExpiry();
    this.#cancelSweep();
  }

  #expireAt(time: number): void {
    if (this.#stopped) return;
    this.#cancelExpiry = this.#clock.wakeAt(time, () => {
      this.#expire().catch((error) => this.#failed('expiry', error));
    });
  }

  /** Looks again when the next message expires; new messages never expire before the next look by more than a sweep. */
  async #expire(): Promise<void> {
    const next = await expireDeferredMessages(this.#functions);
    this.#outboxChanged();
    const now = this.#clock.now();
    this.#expireAt(Math.max(now + passMilliseconds, Math.min(next ?? Number.POSITIVE_INFINITY, now + sweepMilliseconds)));
  }

  #sweepLater(): void {
    if (this.#stopped) return;
    this.#cancelSweep = this.#clock.wakeAt(this.#clock.now() + sweepMilliseconds, () => {
      this.#sweep().catch((error) => this.#failed('sweep', error));
    });
  }

  async #sweep(): Promise<void> {
    this.#sweepLater();
    const now = this.#clock.now();
    const faults = [await this.#core.location.sweep(now), await this.#services.deferredMessages.forgetKeys(now)];
    for (const fault of faults) if (fault !== undefined) this.#failed('sweep', fault.reason);
  }

  #failed(where: string, error: unknown): void {
    this.#core.log.error({ where, reason: String(error) }, 'Upkeep met a fault and goes on later.');
    if (where === 'expiry') this.#expireAt(this.#clock.now() + sweepMilliseconds);
  }
}
