import type { UserId } from '@opencpm/cpm';

/**
 * For whom something may wait, so that a message to a user without a queue is relayed without asking the database.
 * Before `learn` that is everybody; a user is left out only when his queue was seen empty and nothing came meanwhile.
 */
export class OwnersWithQueues {
  #all = true;
  readonly #arrivals = new Map<UserId, number>();
  #count = 0;

  learn(owners: readonly UserId[]): void {
    for (const owner of owners) this.add(owner);
    this.#all = false;
  }

  add(owner: UserId): void {
    this.#count += 1;
    this.#arrivals.set(owner, this.#count);
  }

  /** Undefined when nothing waits for this user; else a ticket for `wasEmpty`. */
  ticket(owner: UserId): number | undefined {
    return this.#arrivals.get(owner) ?? (this.#all ? 0 : undefined);
  }

  /** His queue was read after that ticket and was empty. */
  wasEmpty(owner: UserId, ticket: number): void {
    if (this.#arrivals.get(owner) === ticket) this.#arrivals.delete(owner);
  }
}
