import type { MessageUriId } from '@opencpm/cpm';

/** How often each message is on its way to a client just now. */
export class TimesUnderWay {
  readonly #times = new Map<MessageUriId, number>();

  add(id: MessageUriId, ended: Promise<unknown>): void {
    this.#times.set(id, (this.#times.get(id) ?? 0) + 1);
    const leave = () => {
      const times = (this.#times.get(id) ?? 1) - 1;
      if (times === 0) this.#times.delete(id);
      else this.#times.set(id, times);
    };
    ended.then(leave, leave);
  }

  has(id: MessageUriId): boolean {
    return this.#times.has(id);
  }
}
