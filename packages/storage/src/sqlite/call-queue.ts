import type { DatabaseFault, Statement } from '../database.ts';

/** A call that is not answered yet. */
export interface PendingCall<Result> {
  readonly statements: readonly Statement[];
  readonly bytes: number;
  readonly answer: (result: Result | DatabaseFault) => void;
}

/** The calls of one kind in the order they came, which is the order in which the thread answers them. */
export class CallQueue<Result> {
  readonly #unsent: PendingCall<Result>[] = [];
  readonly #sent: PendingCall<Result>[] = [];

  push(call: PendingCall<Result>): void {
    this.#unsent.push(call);
  }

  /** What goes into the next message to the thread. */
  send(): readonly PendingCall<Result>[] {
    const calls = this.takeUnsent();
    for (const call of calls) this.#sent.push(call);
    return calls;
  }

  /** The calls that the next so many answers belong to. */
  takeAnswered(count: number): readonly PendingCall<Result>[] {
    if (count > this.#sent.length) throw new Error(`the database thread answered ${count} of ${this.#sent.length} calls`);
    return this.#sent.splice(0, count);
  }

  takeSent(): readonly PendingCall<Result>[] {
    return this.#sent.splice(0);
  }

  takeUnsent(): readonly PendingCall<Result>[] {
    return this.#unsent.splice(0);
  }
}
