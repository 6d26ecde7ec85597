import type { Binding, QueueEntry } from '@opencpm/cpm';

export type RelayedMessage = Pick<QueueEntry, 'contributionId' | 'messageId'>;

/** Undefined for what has no ids of its sender, and so cannot be told from others. */
export function relayedKey(client: Pick<Binding, 'owner' | 'client'>, { contributionId, messageId }: RelayedMessage): string | undefined {
  if (contributionId === undefined && messageId === undefined) return undefined;
  return [client.owner, client.client, contributionId ?? '', messageId ?? ''].join('\n');
}

/** Messages that other nodes are sending to our clients, each as often as it is on its way. */
export class RelayedRequests {
  readonly #counts = new Map<string, number>();

  /** Answers how to take it away again. */
  add(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let there = true;
    return () => {
      if (!there) return;
      there = false;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }

  has(key: string | undefined): boolean {
    return key !== undefined && this.#counts.has(key);
  }
}
