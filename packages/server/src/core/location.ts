import type { QueueFault, Registrations, UserId } from '@opencpm/cpm';
import type { Flow } from '@opencpm/sip';
import type { BindingChanges, Bindings } from '@opencpm/storage';
import { bindingFromStored, type LocatedBinding } from './stored-binding.ts';

/**
 * Where the clients of our users are (RFC 3261 §10): bindings in memory, kept in the database. Reading is part of the
 * hot path and never waits; a change is seen here only when it is durable.
 */
export class Location implements Registrations {
  readonly #bindings: Bindings;
  readonly #byOwner = new Map<UserId, readonly LocatedBinding[]>();
  readonly #byFlow = new Map<string, Set<UserId>>();
  readonly #turns = new Map<UserId, Promise<unknown>>();

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  async load(now: number): Promise<QueueFault | undefined> {
    const stored = await this.#bindings.all(now);
    if ('kind' in stored) return stored;
    for (const row of stored) {
      const binding = bindingFromStored(row);
      if (binding !== undefined) this.#byOwner.set(row.owner, [...this.of(row.owner), binding]);
    }
    return undefined;
  }

  of(user: UserId): readonly LocatedBinding[] {
    return this.#byOwner.get(user) ?? [];
  }

  get size(): number {
    let size = 0;
    for (const bindings of this.#byOwner.values()) size += bindings.length;
    return size;
  }

  owners(): readonly UserId[] {
    return [...this.#byOwner.keys()];
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
  async change(
    owner: UserId,
    changes: { readonly save: readonly LocatedBinding[]; readonly remove: readonly LocatedBinding[] },
  ): Promise<QueueFault | undefined> {
    const stored: BindingChanges = {
      save: changes.save.map((binding) => binding.stored),
      remove: changes.remove.map((binding) => binding.stored),
    };
    const fault = await this.#bindings.change(stored);
    if (fault !== undefined) return fault;
    const gone = new Set([...changes.remove, ...changes.save].map((binding) => binding.client));
    this.#set(owner, [...this.of(owner).filter((binding) => !gone.has(binding.client)), ...changes.save]);
    // Only a connection can close.
    for (const { flow } of changes.save) if (flow?.reliable) this.#learnFlow(flow.id, owner);
    return undefined;
  }

  /**
   * The client did not answer or cannot be reached: not registered until it is heard of again. A binding that was
   * registered anew meanwhile is another one.
   */
  markUnreachable({ owner, stored }: LocatedBinding): void {
    this.#replace(owner, (binding) => binding.stored === stored, unreachable);
  }

  /** A request on its flow shows that a client is there. Gives the bindings that count again because of that. */
  heardOn(owner: UserId, flow: Flow): readonly LocatedBinding[] {
    const isHeard = (binding: LocatedBinding) => binding.unreachable && isOn(binding, flow);
    if (!this.of(owner).some(isHeard)) return [];
    const heard = this.of(owner).filter(isHeard);
    this.#replace(owner, isHeard, (binding) => ({ ...binding, unreachable: false, flow }));
    return this.of(owner).filter(({ stored }) => heard.some((before) => before.stored === stored));
  }

  flowClosed(flow: Flow): void {
    for (const owner of this.#byFlow.get(flow.id) ?? []) this.#replace(owner, (binding) => binding.flow?.id === flow.id, unreachable);
    this.#byFlow.delete(flow.id);
  }

  forget(owner: UserId): void {
    this.#byOwner.delete(owner);
  }

  /** Drops what has expired, here and in the database. */
  async sweep(now: number): Promise<QueueFault | undefined> {
    for (const [owner, bindings] of this.#byOwner) {
      if (bindings.some((binding) => binding.expiresAt <= now))
        this.#set(
          owner,
          bindings.filter((binding) => binding.expiresAt > now),
        );
    }
    return this.#bindings.forgetExpired(now);
  }

  #replace(owner: UserId, isMeant: (binding: LocatedBinding) => boolean, change: (binding: LocatedBinding) => LocatedBinding): void {
    const bindings = this.of(owner);
    if (!bindings.some(isMeant)) return;
    this.#set(
      owner,
      bindings.map((binding) => (isMeant(binding) ? change(binding) : binding)),
    );
  }

  #set(owner: UserId, bindings: readonly LocatedBinding[]): void {
    if (bindings.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, bindings);
  }

  #learnFlow(flow: string, owner: UserId): void {
    const owners = this.#byFlow.get(flow);
    if (owners === undefined) this.#byFlow.set(flow, new Set([owner]));
    else owners.add(owner);
  }
}

function unreachable(binding: LocatedBinding): LocatedBinding {
  return { ...binding, unreachable: true };
}

/** After a restart the flow of a UDP client is known by the address that it registered from. */
function isOn({ flow: known, stored, transport }: LocatedBinding, flow: Flow): boolean {
  if (known !== undefined) return known.id === flow.id;
  return (
    transport === 'UDP' && flow.transport === 'UDP' && stored.remote.host === flow.remote.host && stored.remote.port === flow.remote.port
  );
}
