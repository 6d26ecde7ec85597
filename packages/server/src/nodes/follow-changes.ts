import { type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { CoreContext } from '../core/core-context.ts';
import { registrationName } from '../core/stored-binding.ts';
import { type DatabaseServices, isFault } from '../database-services.ts';
import { knownKeys, type ParticipatingFunction } from '../participating-function.ts';
import type { Told } from './told.ts';

/** How many tidings are worked on at once; those about one user in their order. */
const atOnce = 64;
/** More than so many unread tidings are not worth keeping: everything is read instead. */
const maxUnread = 10_000;
/** After a fault of the database. */
const retryMilliseconds = 1000;

export interface FollowedParts {
  readonly core: CoreContext;
  readonly services: DatabaseServices;
  readonly functions: ParticipatingFunction;
}

/** Keeps what this node has in memory as the other nodes have made it in the database. */
export class FollowChanges {
  readonly #parts: FollowedParts;
  #unread: Extract<Told, { readonly owner: string }>[] = [];
  #readEverything = false;
  #working: Promise<void> | undefined;
  #cancelRetry: () => void = () => undefined;
  #stopped = false;

  constructor(parts: FollowedParts) {
    this.#parts = parts;
  }

  hear(all: readonly Told[]): void {
    for (const told of all) if ('owner' in told) this.#unread.push(told);
    if (all.some(({ kind }) => kind === 'everything') || this.#unread.length > maxUnread) this.#readEverything = true;
    this.#work();
  }

  /** Something may not have been heard. */
  everything(): void {
    this.#readEverything = true;
    this.#work();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    await this.#working;
  }

  #work(): void {
    if (this.#stopped || this.#working !== undefined) return;
    this.#working = this.#followAll()
      .catch((error) => this.#failed(String(error)))
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #followAll(): Promise<void> {
    while (!this.#stopped && (this.#readEverything || this.#unread.length > 0)) {
      if (this.#readEverything) {
        this.#readEverything = false;
        // What was told until now is in the database.
        this.#unread = this.#unread.filter(({ kind }) => kind === 'push' || kind === 'reach');
        const fault = await this.#reload();
        if (fault !== undefined) return this.#failed(fault.reason);
      }
      const batch = this.#unread.splice(0, atOnce);
      const faults = await Promise.all([...Map.groupBy(batch, ({ owner }) => owner).values()].map((of) => this.#followEach(of)));
      const fault = faults.find((each) => each !== undefined);
      if (fault !== undefined) return this.#failed(fault.reason);
    }
  }

  #failed(reason: string): void {
    const { clock, log } = this.#parts.core;
    log.error({ where: 'follow the other nodes', reason }, 'What other nodes have changed could not be read; everything is read again.');
    this.#readEverything = true;
    this.#cancelRetry();
    if (!this.#stopped) this.#cancelRetry = clock.wakeAt(clock.now() + retryMilliseconds, () => this.#work());
  }

  async #followEach(all: readonly Extract<Told, { readonly owner: string }>[]): Promise<QueueFault | undefined> {
    for (const told of all) {
      const fault = await this.#follow(told, userId(told.owner));
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  async #follow(told: Extract<Told, { readonly owner: string }>, owner: UserId): Promise<QueueFault | undefined> {
    const { core, services, functions } = this.#parts;
    switch (told.kind) {
      case 'user':
        return this.#followUser(owner);
      case 'bindings':
        return this.#followBindings(owner);
      case 'preferences':
        await functions.preferences.refresh(owner);
        return functions.authorisation.refresh(owner);
      case 'queue':
        services.deferredMessages.somethingWaits(owner);
        if (told.key !== undefined && told.until !== undefined) functions.recentMessages.rememberStored(told.key, told.until);
        return undefined;
      case 'push': {
        const client = core.location.of(owner).find((binding) => binding.client === told.client);
        if (client !== undefined && core.location.isHere(client)) functions.pushes.request(owner, client, told.occasion);
        return undefined;
      }
      case 'reach': {
        const client = core.location.of(owner).find((binding) => registrationName(binding) === told.registration);
        if (client !== undefined && !core.location.isHere(client)) core.location.reach(owner, told.registration, told.unreachable);
        return undefined;
      }
    }
  }

  async #followUser(owner: UserId): Promise<QueueFault | undefined> {
    const { core, functions } = this.#parts;
    const fault = await core.directory.reload(owner);
    if (fault !== undefined || core.directory.byOwner(owner) !== undefined) return fault;
    core.location.forget(owner);
    functions.preferences.forget(owner);
    functions.authorisation.forget(owner);
    return undefined;
  }

  /**
   * A message that was stored here just before this node knew of a client was pushed to nobody: the push of that
   * client's registration, at its own node, may have come before the message.
   */
  async #followBindings(owner: UserId): Promise<QueueFault | undefined> {
    const { core, services, functions } = this.#parts;
    const fresh = await core.location.reload(owner, core.clock.now());
    if ('kind' in fresh) return fresh;
    if (services.deferredMessages.mayWait(owner)) for (const binding of fresh) functions.pushes.request(owner, binding, 'heard');
    return undefined;
  }

  async #reload(): Promise<QueueFault | undefined> {
    const { core, services, functions } = this.#parts;
    const now = core.clock.now();
    const faults = [
      await core.directory.reloadAll(),
      await core.location.reloadAll(now),
      await functions.preferences.refreshAll(),
      await functions.authorisation.refreshAll(),
    ];
    const fault = faults.find((each) => each !== undefined);
    if (fault !== undefined) return fault;
    const keys = await services.deferredMessages.recentKeys(now, knownKeys);
    if (isFault(keys)) return keys;
    for (const { key, expiresAt } of keys.toReversed()) functions.recentMessages.rememberStored(key, expiresAt);
    const owners = await services.deferredMessages.owners();
    if (isFault(owners)) return owners;
    for (const owner of owners) this.#pushHere(owner);
    functions.outbox.wake();
    return undefined;
  }

  #pushHere(owner: UserId): void {
    const { location } = this.#parts.core;
    for (const binding of location.of(owner)) if (location.isHere(binding)) this.#parts.functions.pushes.request(owner, binding, 'timer');
  }
}
