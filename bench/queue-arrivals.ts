import { eventually } from '../interop/surroundings/eventually.ts';
import type { Arrival } from './queue-clients.ts';
import type { Deliveries } from './queue-figures.ts';

/** What has come to whom. A request that is sent again is the same arrival. */
export class Arrivals {
  /** By message: the Call-IDs it came under. */
  readonly #came = new Map<string, Set<string>>();
  readonly #firstAt = new Map<string, number>();
  #lastAt = 0;

  take({ user, messageId, callId, at }: Arrival): void {
    const before = this.#came.get(messageId);
    if (before !== undefined) {
      before.add(callId);
      return;
    }
    this.#came.set(messageId, new Set([callId]));
    if (!this.#firstAt.has(user)) this.#firstAt.set(user, at);
    this.#lastAt = at;
  }

  /** When the first message came to him, as `performance.now()`; undefined when none came. */
  firstAt(user: string): number | undefined {
    return this.#firstAt.get(user);
  }

  /** When the last message came that had not come before. */
  get lastAt(): number {
    return this.#lastAt;
  }

  get size(): number {
    return this.#came.size;
  }

  get doubled(): number {
    let doubled = 0;
    for (const callIds of this.#came.values()) if (callIds.size > 1) doubled += 1;
    return doubled;
  }

  /** Resolves when so many messages are there; throws when they do not come. */
  async complete(count: number, withinMilliseconds: number): Promise<void> {
    const seen = () => `${this.size} of ${count} came`;
    await eventually('all that waits comes', () => (this.size >= count ? true : undefined), { withinMilliseconds, seen });
  }

  deliveries(expected: number): Deliveries {
    return { expected, delivered: this.size, doubled: this.doubled };
  }
}
