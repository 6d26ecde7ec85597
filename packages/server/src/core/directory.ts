import type { QueueFault, UserId } from '@opencpm/cpm';
import { canonicalAddress, type SipUri, type Uri } from '@opencpm/sip';
import type { StoredUser, UserChange, Users } from '@opencpm/storage';
import { hasName, hasOwner, PackedUsers } from './packed/packed-user.ts';
import { RecentValues } from './packed/recent-values.ts';
import { RecordHeap, type RecordReference } from './packed/record-heap.ts';
import { TextIndex } from './packed/text-index.ts';

/** E.164 with its plus sign. */
const globalNumber = /^\+\d{1,15}$/;

/** How many users are read from the database at once when the server starts. */
const pageSize = 1000;
/** At least so many of the users that were looked up last are there unpacked; reading one from its record costs more than looking it up. */
const recentUsers = 1024;

/**
 * Users and their identities in memory, as the database has them. Every address that a request names is looked up
 * here, so nothing on the way of a message reads the database.
 */
export class Directory {
  readonly #users: Users;
  readonly #domain: string;
  readonly #packed = new PackedUsers();
  readonly #records = new RecordHeap();
  readonly #byOwner = new TextIndex();
  readonly #byName = new TextIndex();
  readonly #byAddress = new TextIndex();
  readonly #recent = new RecentValues<RecordReference, StoredUser>(recentUsers);

  #changes = 0;

  constructor(users: Users, domain: string) {
    this.#users = users;
    this.#domain = domain;
  }

  async load(): Promise<QueueFault | undefined> {
    for (let after: UserId | undefined; ; ) {
      const users = await this.#users.page(after, pageSize);
      if ('kind' in users) return users;
      for (const user of users) this.#remember(user);
      after = users.at(-1)?.owner;
      if (after === undefined) return undefined;
    }
  }

  /** How often a user came, changed or went. */
  get changes(): number {
    return this.#changes;
  }

  /** Lets go of what is there unpacked; it is unpacked again for whom it is wanted. */
  forgetRecent(): void {
    this.#recent.clear();
  }

  get size(): number {
    return this.#byOwner.size;
  }

  /** In no order. */
  *all(): IterableIterator<StoredUser> {
    for (const reference of this.#byOwner.references()) yield this.#packed.read(this.#records.get(reference));
  }

  byOwner(owner: UserId): StoredUser | undefined {
    return this.#userAt(this.#byOwner.find(owner, (reference) => hasOwner(this.#records.get(reference), owner)));
  }

  byName(name: string): StoredUser | undefined {
    return this.#userAt(this.#byName.find(name, (reference) => hasName(this.#records.get(reference), name)));
  }

  /** Whose address this is. */
  byUri(uri: Uri): StoredUser | undefined {
    const address = canonicalAddress(uri);
    const direct = address === undefined ? undefined : this.#find(address);
    const number = direct === undefined && uri.kind === 'sip' ? this.#telAddress(uri) : undefined;
    return this.#userAt(number === undefined ? direct : this.#find(number));
  }

  /** The canonical address of one of our identities. `sip:+E164@` our domain is the tel identity, with or without user=phone. */
  addressOf(uri: Uri): string | undefined {
    const address = canonicalAddress(uri);
    if (address !== undefined && this.#find(address) !== undefined) return address;
    const number = uri.kind === 'sip' ? this.#telAddress(uri) : undefined;
    return number !== undefined && this.#find(number) !== undefined ? number : undefined;
  }

  #find(address: string): RecordReference | undefined {
    return this.#byAddress.find(address, (reference) => this.#packed.hasAddress(this.#records.get(reference), address));
  }

  #telAddress(uri: SipUri): string | undefined {
    if (uri.host.toLowerCase() !== this.#domain || uri.user === undefined || !globalNumber.test(uri.user)) return undefined;
    return `tel:${uri.user}`;
  }

  #userAt(reference: RecordReference | undefined): StoredUser | undefined {
    if (reference === undefined) return undefined;
    const recent = this.#recent.get(reference);
    if (recent !== undefined) return recent;
    const user = this.#packed.read(this.#records.get(reference));
    this.#recent.set(reference, user);
    return user;
  }

  /** Another process has changed this user: he is what the database has. */
  async reload(owner: UserId): Promise<QueueFault | undefined> {
    const user = await this.#users.find(owner);
    if (user !== undefined && 'kind' in user) return user;
    this.#forget(owner);
    if (user !== undefined) this.#remember(user);
    return undefined;
  }

  /** The same for all users. */
  async reloadAll(): Promise<QueueFault | undefined> {
    const unseen = new Set([...this.all()].map(({ owner }) => owner));
    for (let after: UserId | undefined; ; ) {
      const users = await this.#users.page(after, pageSize);
      if ('kind' in users) return users;
      for (const user of users) {
        unseen.delete(user.owner);
        if (JSON.stringify(user) === JSON.stringify(this.byOwner(user.owner))) continue;
        this.#forget(user.owner);
        this.#remember(user);
      }
      after = users.at(-1)?.owner;
      if (after === undefined) break;
    }
    for (const owner of unseen) this.#forget(owner);
    return undefined;
  }

  async add(user: StoredUser, now: number): Promise<UserChange> {
    const change = await this.#users.add(user, now);
    if (change.kind === 'done') this.#remember(user);
    return change;
  }

  async update(user: StoredUser): Promise<UserChange> {
    const change = await this.#users.update(user);
    if (change.kind !== 'done') return change;
    this.#forget(user.owner);
    this.#remember(user);
    return change;
  }

  async remove(user: StoredUser): Promise<QueueFault | undefined> {
    const fault = await this.#users.remove(user.owner);
    if (fault === undefined) this.#forget(user.owner);
    return fault;
  }

  #remember(user: StoredUser): void {
    this.#changes += 1;
    const reference = this.#records.put(this.#packed.write(user));
    this.#byOwner.add(user.owner, reference);
    this.#byName.add(user.name, reference);
    for (const { address } of user.identities) this.#byAddress.add(address, reference);
  }

  #forget(owner: UserId): void {
    const reference = this.#byOwner.find(owner, (candidate) => hasOwner(this.#records.get(candidate), owner));
    if (reference === undefined) return;
    this.#changes += 1;
    const user = this.#packed.read(this.#records.get(reference));
    this.#byOwner.remove(user.owner, reference);
    this.#byName.remove(user.name, reference);
    for (const { address } of user.identities) this.#byAddress.remove(address, reference);
    this.#recent.delete(reference);
    this.#records.drop(reference);
  }
}
