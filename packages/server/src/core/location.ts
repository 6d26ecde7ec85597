import type { QueueFault, Registrations, UserId } from '@opencpm/cpm';
import type { Flow, HostPort } from '@opencpm/sip';
import type { BindingPlace, Bindings, StoredBinding } from '@opencpm/storage';
import { earliestExpiry, type Flows, isOfOwner, ownerOf, PackedBindings } from './packed/packed-bindings.ts';
import { RecentValues } from './packed/recent-values.ts';
import { RecordHeap, type RecordReference } from './packed/record-heap.ts';
import { TextIndex } from './packed/text-index.ts';
import { bindingFromStored, isOfNode, type LocatedBinding, registrationName } from './stored-binding.ts';

/** How many bindings are read from the database at once when the server starts, or dropped from it in one commit. */
const pageSize = 1000;
/** At least so many of the users whose bindings were wanted last have them there unpacked. */
const recentOwners = 1024;

export type ReachChanged = (binding: LocatedBinding, unreachable: boolean) => void;

/** A registration at the node that has it now. */
function placeName(binding: LocatedBinding): string {
  return `${binding.stored.node ?? ''}\n${registrationName(binding)}`;
}

export interface Changes {
  readonly save: readonly LocatedBinding[];
  readonly remove: readonly LocatedBinding[];
}

/**
 * Where the clients of our users are (RFC 3261 §10): bindings in memory, kept in the database. Reading is part of the
 * hot path and never waits; a change is seen here only when it is durable. In memory the bindings of a user are one
 * record of octets (packed/record-heap.ts).
 */
export class Location implements Registrations {
  readonly #bindings: Bindings;
  readonly #packed = new PackedBindings();
  readonly #records = new RecordHeap();
  readonly #byOwner = new TextIndex();
  readonly #recent = new RecentValues<UserId, readonly LocatedBinding[]>(recentOwners);
  /** Connections on which clients registered, and whose. */
  readonly #connections = new Map<string, { readonly flow: Flow; readonly owners: Set<UserId> }>();
  readonly #turns = new Map<UserId, Promise<unknown>>();
  readonly #flows: Flows;
  readonly #node: string | undefined;
  #reachChanged: ReachChanged = () => undefined;
  #datagrams: Flows['datagrams'] = () => undefined;
  #size = 0;
  #unreachable = 0;

  /** `node` is the name of this process among several on the database. */
  constructor(bindings: Bindings, node?: string) {
    this.#bindings = bindings;
    this.#node = node;
    this.#flows = {
      node,
      connection: (id) => this.#connections.get(id)?.flow,
      datagrams: (local, remote) => this.#datagrams(local, remote),
    };
  }

  /** The way from one of our UDP addresses to a client's, once the server listens. */
  sendDatagramsBy(datagrams: (local: HostPort, remote: HostPort) => Flow | undefined): void {
    this.#datagrams = datagrams;
  }

  async load(now: number): Promise<QueueFault | undefined> {
    let ofOne: readonly LocatedBinding[] = [];
    for (let after: BindingPlace | undefined; ; ) {
      const rows: readonly StoredBinding[] | QueueFault = await this.#bindings.page(now, after, pageSize);
      if ('kind' in rows) return rows;
      for (const row of rows) {
        const binding = bindingFromStored(row, this.#node);
        if (binding === undefined) continue;
        if (ofOne[0]?.owner !== row.owner) this.#keep(ofOne);
        ofOne = ofOne[0]?.owner === row.owner ? [...ofOne, binding] : [binding];
      }
      after = rows.at(-1);
      if (after === undefined) break;
    }
    this.#keep(ofOne);
    return this.#bindings.forgetExpired(now);
  }

  /** Told when a client of this node becomes unreachable, or is heard of again. */
  onReach(changed: ReachChanged): void {
    this.#reachChanged = changed;
  }

  /** Whether this process has that client's flow, and pushes to it. */
  isHere({ stored }: LocatedBinding): boolean {
    return isOfNode(stored, this.#node);
  }

  of(user: UserId): readonly LocatedBinding[] {
    const recent = this.#recent.get(user);
    if (recent !== undefined) return recent;
    const reference = this.#find(user);
    if (reference === undefined) return [];
    const bindings = this.#packed.read(this.#records.get(reference), this.#flows);
    this.#recent.set(user, bindings);
    return bindings;
  }

  /** Lets go of what is there unpacked; it is unpacked again for whom it is wanted. */
  forgetRecent(): void {
    this.#recent.clear();
  }

  get size(): number {
    return this.#size;
  }

  /** How many of them count as not registered until they are heard of. */
  get unreachable(): number {
    return this.#unreachable;
  }

  /** One REGISTER of a user after the other: each decides by what the one before has made durable (RFC 3261 §10.3). */
  inTurn<T>(owner: UserId, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(owner) ?? Promise.resolve()).then(work, work);
    this.#turns.set(owner, turn);
    const leave = () => {
      if (this.#turns.get(owner) === turn) this.#turns.delete(owner);
    };
    turn.then(leave, leave);
    return turn;
  }

  /** Makes the changes of one REGISTER durable, then visible. */
  async change(owner: UserId, changes: Changes): Promise<QueueFault | undefined> {
    const fault = await this.#bindings.change({
      save: changes.save.map((binding) => binding.stored),
      remove: changes.remove.map((binding) => binding.stored),
    });
    if (fault !== undefined) return fault;
    const gone = new Set([...changes.remove, ...changes.save].map((binding) => binding.client));
    for (const { flow, edge } of changes.save) if (edge === undefined && flow !== undefined) this.#learn(flow, owner);
    this.#set(owner, [...this.of(owner).filter((binding) => !gone.has(binding.client)), ...changes.save]);
    return undefined;
  }

  /**
   * The client did not answer or cannot be reached: not registered until it is heard of again. A binding that was
   * registered anew meanwhile is another one.
   */
  markUnreachable(binding: LocatedBinding): void {
    // Of another node's client that node says it.
    if (!this.isHere(binding)) return;
    this.reach(binding.owner, registrationName(binding), true);
    this.#reachChanged(binding, true);
  }

  /** What is known of the client that registered so, here or at its node. */
  reach(owner: UserId, registration: string, unreachable: boolean): void {
    this.#replace(
      owner,
      (other) => other.unreachable !== unreachable && registrationName(other) === registration,
      (other) => ({ ...other, unreachable }),
    );
  }

  /** These clients of one user were heard of on that flow. Gives those that count again because of it. */
  heardOf(clients: readonly LocatedBinding[], flow: Flow | undefined): readonly LocatedBinding[] {
    const back = clients.filter((client) => client.unreachable && this.isHere(client));
    const [first] = back;
    if (first === undefined) return [];
    const names = new Set(back.map(registrationName));
    const isBack = (binding: LocatedBinding) => names.has(registrationName(binding));
    if (first.edge === undefined && flow !== undefined) this.#learn(flow, first.owner);
    this.#replace(first.owner, isBack, (binding) => ({ ...binding, unreachable: false, ...(flow !== undefined && { flow }) }));
    for (const binding of back) this.#reachChanged(binding, false);
    return this.of(first.owner).filter(isBack);
  }

  /** Only a connection can close. Clients behind an edge are reached by another one to it. */
  flowClosed(flow: Flow): void {
    const known = this.#connections.get(flow.id);
    if (known === undefined) return;
    this.#connections.delete(flow.id);
    for (const owner of known.owners) {
      this.#recent.delete(owner);
      const isLost = (binding: LocatedBinding) =>
        this.isHere(binding) && binding.transport === 'TCP' && binding.edge === undefined && binding.flow === undefined;
      for (const binding of this.of(owner)) if (isLost(binding) && !binding.unreachable) this.#reachChanged(binding, true);
      this.#replace(owner, isLost, (binding) => ({ ...binding, unreachable: true }));
    }
  }

  /**
   * Another process has changed the bindings of a user: they are what the database has. Gives those that are new here.
   * What this process knows of the flows of its own clients stays.
   */
  reload(owner: UserId, now: number): Promise<readonly LocatedBinding[] | QueueFault> {
    return this.inTurn(owner, async () => {
      const rows = await this.#bindings.of(owner, now);
      if ('kind' in rows) return rows;
      const before = new Map(this.of(owner).map((binding) => [placeName(binding), binding]));
      const after = rows.flatMap((row) => {
        const read = bindingFromStored(row, this.#node);
        return read === undefined ? [] : [before.get(placeName(read)) ?? read];
      });
      this.#set(owner, after);
      return after.filter((binding) => !before.has(placeName(binding)));
    });
  }

  /** The same for all users, those alone whose rows differ from what is known here. */
  async reloadAll(now: number): Promise<QueueFault | undefined> {
    const unseen = new Set([...this.#byOwner.references()].map((reference) => this.#ownerAt(reference)));
    const changed = new Set<UserId>();
    for (let after: BindingPlace | undefined; ; ) {
      const rows: readonly StoredBinding[] | QueueFault = await this.#bindings.page(now, after, pageSize);
      if ('kind' in rows) return rows;
      for (const row of rows) {
        unseen.delete(row.owner);
        if (!this.#knows(row)) changed.add(row.owner);
      }
      after = rows.at(-1);
      if (after === undefined) break;
    }
    for (const owner of [...changed, ...unseen]) {
      const reloaded = await this.reload(owner, now);
      if ('kind' in reloaded) return reloaded;
    }
    return undefined;
  }

  #knows(row: StoredBinding): boolean {
    const read = bindingFromStored(row, this.#node);
    return read === undefined || this.of(row.owner).some((binding) => placeName(binding) === placeName(read));
  }

  #ownerAt(reference: RecordReference): UserId {
    return ownerOf(this.#records.get(reference));
  }

  forget(owner: UserId): void {
    this.#set(owner, []);
  }

  /** Drops what has expired, here and in the database. */
  async sweep(now: number): Promise<QueueFault | undefined> {
    const expired: BindingPlace[] = [];
    for (const reference of this.#byOwner.references()) {
      const record = this.#records.get(reference);
      if (earliestExpiry(record) > now) continue;
      for (const { stored } of this.#packed.read(record, this.#flows)) if (stored.expiresAt <= now) expired.push(stored);
    }
    for (const owner of new Set(expired.map((place) => place.owner))) {
      const live = this.of(owner).filter((binding) => binding.expiresAt > now);
      this.#set(owner, live);
    }
    for (let from = 0; from < expired.length; from += pageSize) {
      const fault = await this.#bindings.forgetThoseExpired(expired.slice(from, from + pageSize), now);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #replace(owner: UserId, isMeant: (binding: LocatedBinding) => boolean, change: (binding: LocatedBinding) => LocatedBinding): void {
    const bindings = this.of(owner);
    if (bindings.some(isMeant))
      this.#set(
        owner,
        bindings.map((binding) => (isMeant(binding) ? change(binding) : binding)),
      );
  }

  #keep(bindings: readonly LocatedBinding[]): void {
    const [first] = bindings;
    if (first !== undefined) this.#set(first.owner, bindings);
  }

  #set(owner: UserId, bindings: readonly LocatedBinding[]): void {
    const before = this.#find(owner);
    if (before !== undefined) this.#drop(before);
    this.#recent.delete(owner);
    this.#count(bindings, 1);
    if (bindings.length === 0) {
      if (before !== undefined) this.#byOwner.remove(owner, before);
      return;
    }
    const after = this.#records.put(this.#packed.write(owner, bindings));
    if (before === undefined) this.#byOwner.add(owner, after);
    else this.#byOwner.move(owner, before, after);
  }

  #drop(reference: RecordReference): void {
    this.#count(this.#packed.read(this.#records.get(reference), this.#flows), -1);
    this.#records.drop(reference);
  }

  #count(bindings: readonly LocatedBinding[], sign: 1 | -1): void {
    this.#size += sign * bindings.length;
    for (const { unreachable } of bindings) if (unreachable) this.#unreachable += sign;
  }

  #find(owner: UserId): RecordReference | undefined {
    return this.#byOwner.find(owner, (reference) => isOfOwner(this.#records.get(reference), owner));
  }

  #learn(flow: Flow, owner: UserId): void {
    if (!flow.reliable) return;
    const known = this.#connections.get(flow.id);
    if (known === undefined) this.#connections.set(flow.id, { flow, owners: new Set([owner]) });
    else known.owners.add(owner);
  }
}
