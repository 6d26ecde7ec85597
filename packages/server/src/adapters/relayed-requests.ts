import type { Binding, ContributionId } from '@opencpm/cpm';

/** Undefined for what has no such id, and so is never deferred. */
export function relayedKey({ owner, client }: Pick<Binding, 'owner' | 'client'>, id: ContributionId | undefined): string | undefined {
  return id === undefined ? undefined : [owner, client, id].join('\n');
}

/** Messages that other nodes are sending to our clients, each as often as it is on its way. */
export class RelayedRequests {
  readonly #underWay = new Map<string, { count: number; wasAsked: boolean }>();

  /** Answers how to take it away again, which gives whether a push was held up by it. */
  add(key: string): () => boolean {
    const known = this.#underWay.get(key) ?? { count: 0, wasAsked: false };
    this.#underWay.set(key, known);
    known.count += 1;
    return () => {
      known.count -= 1;
      if (known.count === 0) this.#underWay.delete(key);
      return known.wasAsked;
    };
  }

  /** Whether a push has to wait for it. */
  holds(key: string | undefined): boolean {
    const known = key === undefined ? undefined : this.#underWay.get(key);
    if (known !== undefined) known.wasAsked = true;
    return known !== undefined;
  }
}
