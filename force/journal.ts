import { EventEmitter } from 'node:events';
import type { Ledger, MessageEntry, Shown, Try } from './ledger.ts';
import type { Message } from './message.ts';

interface OpenEntry extends MessageEntry {
  readonly tries: Try[];
  readonly shown: Shown[];
  readonly failures: Shown[];
}

/** What the killer waits for; each is told at once, before the client that saw it goes on. */
interface Moments {
  accepted: [];
  push: [];
  expiry: [];
}

/** Takes down what clients see while a run goes on. */
export class Journal {
  readonly moments = new EventEmitter<Moments>();
  readonly #messages = new Map<string, OpenEntry>();
  readonly #kills: { readonly at: number; readonly moment: string; backAt: number }[] = [];
  readonly #faults: string[] = [];

  written(message: Message): void {
    this.#messages.set(message.id, { message, tries: [], shown: [], failures: [] });
  }

  tried(id: string, one: Try): void {
    this.#messages.get(id)?.tries.push(one);
    if (one.status === 202) this.moments.emit('accepted');
  }

  /** A client has answered 200 to a message that is for its user. */
  shown(id: string, shown: Shown): void {
    const entry = this.#messages.get(id);
    if (entry === undefined) this.broke(`${shown.client} was shown ${id}, which nobody wrote`);
    entry?.shown.push(shown);
  }

  failed(about: string, shown: Shown): void {
    const entry = this.#messages.get(about);
    if (entry === undefined) this.broke(`${shown.client} was told of the failure of ${about}, which nobody wrote`);
    entry?.failures.push(shown);
  }

  /** Now, before the process is gone. */
  killed(moment: string): void {
    this.#kills.push({ at: performance.now(), moment, backAt: Number.POSITIVE_INFINITY });
  }

  /** The server is there again. */
  back(): void {
    for (const kill of this.#kills) kill.backAt = Math.min(kill.backAt, performance.now());
  }

  isFor(id: string, user: string): boolean {
    const message = this.#messages.get(id)?.message;
    return message === undefined || message.to === user;
  }

  /** What is no matter of one message that somebody wrote. */
  broke(fault: string): void {
    this.#faults.push(fault);
  }

  get faults(): readonly string[] {
    return this.#faults;
  }

  closed(waiting: readonly string[]): Ledger {
    return { messages: this.#messages, kills: this.#kills, waiting };
  }
}
