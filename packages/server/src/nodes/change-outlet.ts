import type { ChangeFeed } from '@opencpm/storage';
import { type Told, writeTold } from './told.ts';

/** Where what this process has changed goes out to the other nodes: nowhere until there is a feed. */
export class ChangeOutlet {
  #feed: ChangeFeed | undefined;
  #pending: Told[] = [];

  attach(feed: ChangeFeed): void {
    this.#feed = feed;
  }

  /** What is told in one turn goes out in as few texts as hold it. */
  tell(all: readonly Told[]): void {
    if (this.#feed === undefined) return;
    if (this.#pending.length === 0) queueMicrotask(() => this.#flush());
    this.#pending.push(...all);
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const text of writeTold(pending)) this.#feed?.tell(text);
  }
}
