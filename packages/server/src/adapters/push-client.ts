import type { Binding, PushOccasion, UserId } from '@opencpm/cpm';

interface Wanted {
  readonly binding: Binding;
  readonly occasion: PushOccasion;
}

/** From the weakest to the strongest: what brings more back includes what brings less. */
const occasions: readonly PushOccasion[] = ['timer', 'heard', 'registration'];

/** One client with what is wanted for it: a push now or by the clock. */
export class PushClient {
  readonly key: string;
  readonly owner: UserId;
  #wanted: Wanted | undefined;
  #name = '';
  #atWork = false;
  #cancelTimer: (() => void) | undefined;

  constructor(key: string, owner: UserId) {
    this.key = key;
    this.owner = owner;
  }

  /** Binding.client. */
  get name(): string {
    return this.#name;
  }

  get hasTimer(): boolean {
    return this.#cancelTimer !== undefined;
  }

  /** True when it has to be given its turn; false when it has or awaits it already. */
  want(binding: Binding, occasion: PushOccasion): boolean {
    const before = this.#wanted?.occasion;
    const stronger = before !== undefined && occasions.indexOf(before) > occasions.indexOf(occasion) ? before : occasion;
    this.#wanted = { binding, occasion: stronger };
    this.#name = binding.client;
    const isNew = !this.#atWork;
    this.#atWork = true;
    return isNew;
  }

  /** What is wanted, once. */
  take(): Wanted | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) this.cancelTimer();
    return wanted;
  }

  finish(): void {
    this.#atWork = false;
  }

  wakeBy(cancel: () => void): void {
    this.cancelTimer();
    this.#cancelTimer = cancel;
  }

  cancelTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
