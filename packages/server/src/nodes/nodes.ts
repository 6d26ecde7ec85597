import type { TerminatingContext, UserId } from '@opencpm/cpm';
import { type ChangeFeed, type Database, DeferredMessages, guardedDatabase, Leases } from '@opencpm/storage';
import type { Upkeep } from '../adapters/upkeep.ts';
import type { Configuration } from '../configuration/configuration.ts';
import type { CoreContext } from '../core/core-context.ts';
import { registrationName } from '../core/stored-binding.ts';
import { type DatabaseServices, queueLimits } from '../database-services.ts';
import type { ParticipatingFunction } from '../participating-function.ts';
import type { Log, ServerPlatform } from '../platform.ts';
import { FollowChanges } from './follow-changes.ts';
import { Membership } from './membership.ts';
import { readTold, type Told } from './told.ts';

/** The lease of a server that has its database for itself. */
const aloneLeaseSeconds = 6;

export interface NodesSurroundings {
  readonly platform: ServerPlatform;
  readonly configuration: Configuration;
  readonly services: DatabaseServices;
  readonly log: Log;
}

export interface RunningNode {
  readonly core: CoreContext;
  readonly functions: ParticipatingFunction;
  readonly upkeep: Upkeep;
  /** Another process is this node now: nobody is to be served any more. */
  readonly displaced: () => void;
}

/** Beside those of the server's work. */
interface NodeConnections {
  readonly feed: ChangeFeed;
  readonly leaseDatabase: Database;
}

/**
 * This process as one of several on its database, or as the only one that may have it. Everything that nodes share is in
 * the database; each keeps a copy in memory of what the way of a message needs, and hears what others change.
 */
export class Nodes {
  readonly #surroundings: NodesSurroundings;
  readonly #connections: NodeConnections;
  readonly #membership: Membership;
  /** Heard before there is anything to be kept up. */
  readonly #early: Told[];
  #hear: (told: readonly Told[]) => void;
  #resumed: () => void = () => undefined;
  #follow: FollowChanges | undefined;

  private constructor(
    surroundings: NodesSurroundings,
    connections: NodeConnections,
    heard: { hear: (told: readonly Told[]) => void; resumed(): void },
  ) {
    const { platform, configuration, log } = surroundings;
    this.#surroundings = surroundings;
    this.#connections = connections;
    this.#early = [];
    this.#hear = (told) => this.#early.push(...told);
    heard.hear = (told) => this.#hear(told);
    heard.resumed = () => this.#resumed();
    const { cluster } = configuration;
    this.#membership = new Membership({
      leases: new Leases(connections.leaseDatabase),
      feed: connections.feed,
      clock: platform.clock,
      random: platform.random,
      log,
      node: cluster?.node,
      address: cluster === undefined ? undefined : (cluster.listen.advertise ?? cluster.listen),
      leaseMilliseconds: (cluster?.leaseSeconds ?? aloneLeaseSeconds) * 1000,
    });
  }

  /**
   * Before anything is read, so that nothing is missed between reading and hearing. Undefined where the database itself
   * lets nobody else in. Rejects with an Error that says what to do when another process is this node.
   */
  static async join(surroundings: NodesSurroundings): Promise<Nodes | undefined> {
    const { services, configuration } = surroundings;
    if (services.openFeed === undefined) return undefined;
    const early: Told[] = [];
    const heard = { hear: (told: readonly Told[]): void => void early.push(...told), resumed: (): void => undefined };
    const feed = await services.openFeed(configuration.cluster?.node ?? '', {
      heard: (text) => heard.hear(readTold(text)),
      resumed: () => heard.resumed(),
    });
    // Signs of life do not wait behind what a busy server asks its database.
    const leaseDatabase = await surroundings.platform.openDatabase(configuration.storage, {});
    const nodes = new Nodes(surroundings, { feed, leaseDatabase }, heard);
    nodes.#early.push(...early);
    let strays: readonly UserId[];
    try {
      strays = await nodes.#membership.join();
    } catch (error) {
      await nodes.#close();
      throw error;
    }
    if (configuration.cluster !== undefined) {
      services.changes.attach(feed);
      services.changes.tell([{ kind: 'nodes' }, ...strays.map((owner): Told => ({ kind: 'bindings', owner }))]);
    }
    return nodes;
  }

  get addressOf(): Membership['addressOf'] {
    return (node) => this.#membership.addressOf(node);
  }

  /** From now on what others change is followed, and what a dead one had is taken over. */
  start({ core, functions, upkeep, displaced }: RunningNode): void {
    const { services } = this.#surroundings;
    const follow = new FollowChanges({ core, services, functions });
    this.#follow = follow;
    const { location } = core;
    location.onReach((binding, unreachable) =>
      services.changes.tell([{ kind: 'reach', owner: binding.owner, registration: registrationName(binding), unreachable }]),
    );
    functions.pushes.leaveTo((owner, { client }, occasion) => {
      const binding = location.of(owner).find((candidate) => candidate.client === client);
      if (binding === undefined || location.isHere(binding)) return false;
      services.changes.tell([{ kind: 'push', owner, client, occasion }]);
      return true;
    });
    this.#hear = (told) => {
      if (told.some(({ kind }) => kind === 'nodes')) void this.#membership.look();
      follow.hear(told);
    };
    const missed = (): void => {
      follow.everything();
      services.changes.tell([{ kind: 'everything' }, { kind: 'nodes' }]);
    };
    this.#resumed = missed;
    this.#membership.start({ tookOver: missed, rejoined: missed, displaced, upkeepBegins: () => upkeep.look() });
    this.#hear(this.#early.splice(0));
    void this.#membership.look();
  }

  /** Whether this node does by the clock what one node does for all. */
  get doesUpkeep(): boolean {
    return this.#membership.doesUpkeep;
  }

  /** The functions as the expiry of messages calls them, each change guarded by the lease of this work. */
  forUpkeep(functions: TerminatingContext): TerminatingContext {
    const { services, configuration } = this.#surroundings;
    if (configuration.cluster === undefined) return functions;
    const database = guardedDatabase(services.database, () => this.#membership.upkeepGuard());
    const guarded = new DeferredMessages(database, queueLimits(configuration));
    const { deferredQueue } = functions.ports;
    // The same in a whole pass: what it left out is what it waits for.
    let graceMilliseconds = this.#membership.expiryGraceMilliseconds;
    const late: TerminatingContext['ports']['deferredQueue'] = {
      store: (message) => deferredQueue.store(message),
      waiting: (owner, range) => deferredQueue.waiting(owner, range),
      waitingInConversation: (owner, conversation, now) => deferredQueue.waitingInConversation(owner, conversation, now),
      attemptFailed: (failed) => deferredQueue.attemptFailed(failed),
      remove: (owner, id, owed) => guarded.remove(owner, id, owed),
      expired: (now, limit, after) => {
        if (after === undefined) graceMilliseconds = this.#membership.expiryGraceMilliseconds;
        return guarded.expired(now - graceMilliseconds, limit, after);
      },
      nextExpiry: async (after) => {
        const next = await guarded.nextExpiry(after - graceMilliseconds);
        return typeof next === 'number' ? next + graceMilliseconds : next;
      },
    };
    return { ...functions, ports: { ...functions.ports, deferredQueue: late } };
  }

  /** Before the database is closed. */
  async leave(): Promise<void> {
    await this.#follow?.stop();
    await this.#membership.leave();
    this.#surroundings.services.changes.tell([{ kind: 'nodes' }]);
    // What was told last is sent before the feed ends.
    await Promise.resolve();
    await this.#close();
  }

  async #close(): Promise<void> {
    await this.#connections.feed.close();
    await this.#connections.leaseDatabase.close();
  }
}
