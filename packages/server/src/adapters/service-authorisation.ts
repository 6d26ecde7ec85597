import type { QueueFault, ServiceAuthorisation, UserId } from '@opencpm/cpm';
import type { UserPreferenceRows } from '@opencpm/storage';

type BarRows = Pick<UserPreferenceRows, 'barred' | 'isBarred' | 'bar' | 'unbar'>;

/** Who may send: everybody whom the operator has not barred (E-8.2.1.2-01). In memory, as the database has it. */
export class BarredUsers implements ServiceAuthorisation {
  readonly #rows: BarRows;
  readonly #barred = new Set<UserId>();

  constructor(rows: BarRows) {
    this.#rows = rows;
  }

  async load(): Promise<QueueFault | undefined> {
    const barred = await this.#rows.barred();
    if ('kind' in barred) return barred;
    for (const owner of barred) this.#barred.add(owner);
    return undefined;
  }

  /** Another process may have changed it. */
  async refresh(owner: UserId): Promise<QueueFault | undefined> {
    const barred = await this.#rows.isBarred(owner);
    if (typeof barred === 'object') return barred;
    if (barred) this.#barred.add(owner);
    else this.#barred.delete(owner);
    return undefined;
  }

  /** The same for all users. */
  async refreshAll(): Promise<QueueFault | undefined> {
    const barred = await this.#rows.barred();
    if ('kind' in barred) return barred;
    this.#barred.clear();
    for (const owner of barred) this.#barred.add(owner);
    return undefined;
  }

  mayOriginate(user: UserId): boolean {
    return !this.#barred.has(user);
  }

  async bar(owner: UserId, now: number): Promise<QueueFault | undefined> {
    const fault = await this.#rows.bar(owner, now);
    if (fault === undefined) this.#barred.add(owner);
    return fault;
  }

  async unbar(owner: UserId): Promise<QueueFault | undefined> {
    const fault = await this.#rows.unbar(owner);
    if (fault === undefined) this.#barred.delete(owner);
    return fault;
  }

  forget(owner: UserId): void {
    this.#barred.delete(owner);
  }
}
