/** What comes in while a command waits, in order. */
export class Arrivals<Item> {
  readonly #waiting: Item[] = [];
  #wake: (() => void) | undefined;

  push(item: Item): void {
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** The next one; undefined once the signal is aborted and nothing is left. */
  async next(signal: AbortSignal): Promise<Item | undefined> {
    while (this.#waiting.length === 0 && !signal.aborted) await this.#change(signal);
    return this.#waiting.shift();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#wake = wake;
    });
  }
}
