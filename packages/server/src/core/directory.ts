import type { QueueFault, UserId } from '@opencpm/cpm';
import { canonicalAddress, type SipUri, type Uri } from '@opencpm/sip';
import type { StoredUser, UserChange, Users } from '@opencpm/storage';

/** E.164 with its plus sign. */
const globalNumber = /^\+\d{1,15}$/;

/**
 * Users and their identities in memory, as the database has them. Every address that a request names is looked up
 * here, so nothing on the way of a message reads the database.
 */
export class Directory {
  readonly #users: Users;
  readonly #domain: string;
  readonly #byOwner = new Map<UserId, StoredUser>();
  readonly #byName = new Map<string, StoredUser>();
  readonly #byAddress = new Map<string, StoredUser>();

  constructor(users: Users, domain: string) {
    this.#users = users;
    this.#domain = domain;
  }

  async load(): Promise<QueueFault | undefined> {
    const users = await this.#users.all();
    if ('kind' in users) return users;
    for (const user of users) this.#remember(user);
    return undefined;
  }

  get size(): number {
    return this.#byOwner.size;
  }

  all(): readonly StoredUser[] {
    return [...this.#byOwner.values()];
  }

  byOwner(owner: UserId): StoredUser | undefined {
    return this.#byOwner.get(owner);
  }

  byName(name: string): StoredUser | undefined {
    return this.#byName.get(name);
  }

  /** Whose address this is. */
  byUri(uri: Uri): StoredUser | undefined {
    const address = this.addressOf(uri);
    return address === undefined ? undefined : this.#byAddress.get(address);
  }

  /** The canonical address of one of our identities. `sip:+E164@` our domain is the tel identity, with or without user=phone. */
  addressOf(uri: Uri): string | undefined {
    const address = canonicalAddress(uri);
    if (address !== undefined && this.#byAddress.has(address)) return address;
    const number = uri.kind === 'sip' ? this.#telAddress(uri) : undefined;
    return number !== undefined && this.#byAddress.has(number) ? number : undefined;
  }

  #telAddress(uri: SipUri): string | undefined {
    if (uri.host.toLowerCase() !== this.#domain || uri.user === undefined || !globalNumber.test(uri.user)) return undefined;
    return `tel:${uri.user}`;
  }

  async add(user: StoredUser, now: number): Promise<UserChange> {
    const change = await this.#users.add(user, now);
    if (change.kind === 'done') this.#remember(user);
    return change;
  }

  async update(user: StoredUser): Promise<UserChange> {
    const before = this.#byOwner.get(user.owner);
    const change = await this.#users.update(user);
    if (change.kind !== 'done') return change;
    if (before !== undefined) this.#forget(before);
    this.#remember(user);
    return change;
  }

  async remove(user: StoredUser): Promise<QueueFault | undefined> {
    const fault = await this.#users.remove(user.owner);
    if (fault === undefined) this.#forget(user);
    return fault;
  }

  #remember(user: StoredUser): void {
    this.#byOwner.set(user.owner, user);
    this.#byName.set(user.name, user);
    for (const { address } of user.identities) this.#byAddress.set(address, user);
  }

  #forget(user: StoredUser): void {
    this.#byOwner.delete(user.owner);
    this.#byName.delete(user.name);
    for (const { address } of user.identities) this.#byAddress.delete(address);
  }
}
