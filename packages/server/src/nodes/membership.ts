import type { QueueFault, UserId } from '@opencpm/cpm';
import type { Clock, HostPort, Random } from '@opencpm/sip';
import { type ChangeFeed, type Lease, type LeaseRequest, type Leases, leaseGuard, nodeLease, type Statement } from '@opencpm/storage';
import { isFault, orThrow } from '../database-services.ts';
import type { Log } from '../platform.ts';
import { ExpiryGrace } from './expiry-grace.ts';
import { leaseHolder } from './lease-holder.ts';

/** A lease is renewed so often in its time. */
const renewalsPerLease = 3;
/** The pause between two attempts to become a node. */
const joinMilliseconds = 200;
/** The lease of what one node does for all: expiry of messages, forgetting of keys. */
const upkeepLease = 'upkeep';

export interface MembershipParts {
  readonly leases: Leases;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Undefined for a server that has its database for itself. */
  readonly node: string | undefined;
  readonly address: HostPort | undefined;
  readonly leaseMilliseconds: number;
}

export interface MembershipEvents {
  /** The clients of a dead node are this one's now. */
  tookOver(node: string): void;
  /** This node counted as dead for a while: others have its clients. */
  rejoined(): void;
  /** Another process is this node now. */
  displaced(): void;
  /** This node does the upkeep from now on. */
  upkeepBegins(): void;
}

/**
 * Who of several nodes is there. A node holds the lease of its name and renews it; one that does not is dead when its
 * time is over, and the first to see it takes over its clients. A server alone holds the lease of the empty name, beside
 * which there is no other.
 */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #request: LeaseRequest;
  readonly #upkeep: LeaseRequest;
  readonly #expiryGrace: ExpiryGrace;
  #token = 0;
  #upkeepToken: number | undefined;
  #addresses: ReadonlyMap<string, HostPort> = new Map();
  /** Since when this node's lease was renewed without a gap: who was away himself does not know that others are dead. */
  #steadySince = 0;
  #events: MembershipEvents | undefined;
  #cancelTick: () => void = () => undefined;
  #ticking: Promise<void> | undefined;
  #left = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    const { node = '', address, clock, random, leaseMilliseconds: milliseconds } = parts;
    const holder = leaseHolder(clock.now(), random);
    const written = address === undefined ? '' : `${address.host} ${address.port}`;
    this.#request = { name: nodeLease(node), holder, address: written, milliseconds };
    this.#upkeep = { ...this.#request, name: upkeepLease };
    this.#expiryGrace = new ExpiryGrace(milliseconds);
  }

  /** Resolves, with the users whose clients are this node's from now on, when this process is that node; rejects with an Error that says what to do when another one is. */
  async join(): Promise<readonly UserId[]> {
    const { leases, feed, clock } = this.#parts;
    const seen = new Map<string, number>();
    for (;;) {
      const all = orThrow(await leases.nodes());
      const inTheWay = all.filter((lease) => lease.isAlive && this.#problemWith(lease) !== undefined);
      // A dead one's lease ends; one that is renewed is alive.
      const renewed = inTheWay.find(({ name, expiresAt }) => (seen.get(name) ?? expiresAt) < expiresAt);
      if (renewed !== undefined) throw new Error(this.#problemWith(renewed));
      for (const { name, expiresAt } of inTheWay) seen.set(name, expiresAt);
      if (await this.#acquired(inTheWay, await feed.aloneUnderName())) {
        this.#remember(all.filter((lease) => !this.#isOwn(lease)));
        break;
      }
      await this.#pause(joinMilliseconds);
    }
    this.#steadySince = clock.now();
    return orThrow(await leases.adoptStrays(this.#parts.node ?? ''));
  }

  /** Whose last process is gone need not wait for the end of its lease. */
  async #acquired(inTheWay: readonly Lease[], isLastGone: boolean): Promise<boolean> {
    if (!inTheWay.every((lease) => this.#isOwn(lease))) return false;
    const token = orThrow(await this.#parts.leases.acquire(this.#request, isLastGone));
    this.#token = token ?? 0;
    return token !== undefined;
  }

  start(events: MembershipEvents): void {
    this.#events = events;
    this.#tickLater();
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    this.#ticking ??= this.#tick()
      .catch((error) => this.#parts.log.error({ where: 'leases', reason: String(error) }, 'A look at the other nodes stopped at a fault.'))
      .finally(() => {
        this.#ticking = undefined;
        this.#tickLater();
      });
    return this.#ticking;
  }

  /** Others take over at once. */
  async leave(): Promise<void> {
    this.#left = true;
    this.#cancelTick();
    await this.#ticking;
    const { leases } = this.#parts;
    await leases.release(this.#upkeep);
    await leases.release(this.#request);
  }

  /** Where a living node is reached; undefined when it is dead, or none. */
  addressOf(node: string): HostPort | undefined {
    return this.#addresses.get(node);
  }

  get doesUpkeep(): boolean {
    return this.#upkeepToken !== undefined;
  }

  /** How much later than its time a message expires now, in milliseconds. */
  get expiryGraceMilliseconds(): number {
    return this.#expiryGrace.at(this.#parts.clock.now());
  }

  /** Guards each batch of the upkeep. */
  upkeepGuard(): Statement {
    return leaseGuard(this.#upkeep, this.#upkeepToken ?? 0);
  }

  get #isAlone(): boolean {
    return this.#parts.node === undefined;
  }

  #isOwn({ name }: Lease): boolean {
    return nodeLease(name) === this.#request.name;
  }

  /** Why this server cannot be there beside that one. */
  #problemWith(lease: Lease): string | undefined {
    if (this.#isOwn(lease)) {
      if (this.#isAlone) return 'Another server has this database: stop it, or make both of them nodes (cluster.node, cluster.listen).';
      return `Another server is the node ${this.#parts.node} of this database: give each a name of its own (cluster.node).`;
    }
    if (this.#isAlone) return 'This database has several nodes: give this server a name too (cluster.node, cluster.listen).';
    return lease.name === '' ? 'A server without cluster.node has this database: stop it, and make it a node too.' : undefined;
  }

  async #others(): Promise<readonly Lease[] | QueueFault> {
    const nodes = await this.#parts.leases.nodes();
    return isFault(nodes) ? nodes : nodes.filter((lease) => !this.#isOwn(lease));
  }

  #remember(others: readonly Lease[]): void {
    const alive = others.filter(({ isAlive }) => isAlive);
    this.#expiryGrace.looked(this.#parts.clock.now(), alive.length > 0);
    this.#addresses = new Map(alive.flatMap(({ name, address }) => addressOf(name, address)));
  }

  #tickLater(): void {
    const { clock, leaseMilliseconds } = this.#parts;
    this.#cancelTick();
    if (this.#left) return;
    this.#cancelTick = clock.wakeAt(clock.now() + leaseMilliseconds / renewalsPerLease, () => void this.look());
  }

  async #tick(): Promise<void> {
    const { leases, clock, log, leaseMilliseconds } = this.#parts;
    const renewed = await leases.renew(this.#request, this.#token);
    if (isFault(renewed)) {
      this.#steadySince = Number.POSITIVE_INFINITY;
      this.#expiryGrace.lost();
      this.#upkeepToken = undefined;
      log.warn({ reason: renewed.reason }, 'The lease of this node could not be renewed.');
      return;
    }
    if (!renewed) return this.#rejoin();
    this.#steadySince = Math.min(this.#steadySince, clock.now());
    const others = await this.#others();
    if (isFault(others)) return this.#expiryGrace.lost();
    this.#remember(others);
    const isSteady = clock.now() - this.#steadySince >= leaseMilliseconds;
    if (isSteady) for (const other of others) if (!other.isAlive && other.holder !== '') await this.#takeOver(other);
    await this.#seekUpkeep();
  }

  async #takeOver(dead: Lease): Promise<void> {
    const { leases, node = '', log } = this.#parts;
    const taken = await leases.takeOver(dead, { node, holder: this.#request.holder });
    if (taken !== true || this.#left) return;
    log.warn({ node: dead.name }, 'A node is dead; this one has its clients now.');
    this.#events?.tookOver(dead.name);
  }

  async #rejoin(): Promise<void> {
    const { leases, feed, clock, log, node } = this.#parts;
    this.#upkeepToken = undefined;
    this.#expiryGrace.lost();
    const token = await leases.acquire(this.#request, await feed.aloneUnderName());
    if (isFault(token)) return;
    if (token === undefined) {
      log.error({ node }, 'Another process is this node now; this one serves nobody any more.');
      this.#events?.displaced();
      return;
    }
    this.#token = token;
    this.#steadySince = clock.now();
    log.warn({ node }, 'This node counted as dead for a while, and is there again.');
    this.#events?.rejoined();
  }

  async #seekUpkeep(): Promise<void> {
    const { leases } = this.#parts;
    if (this.#upkeepToken !== undefined) {
      if ((await leases.renew(this.#upkeep, this.#upkeepToken)) === true) return;
      this.#upkeepToken = undefined;
    }
    const token = await leases.acquire(this.#upkeep);
    if (typeof token !== 'number') return;
    this.#upkeepToken = token;
    this.#events?.upkeepBegins();
  }

  #pause(milliseconds: number): Promise<void> {
    const { clock } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.wakeAt(clock.now() + milliseconds, resolve);
    return promise;
  }
}

/** As it was written into the lease: host and port with a blank between them. */
function addressOf(name: string, text: string): [string, HostPort][] {
  const blank = text.lastIndexOf(' ');
  return blank < 0 ? [] : [[name, { host: text.slice(0, blank), port: Number(text.slice(blank + 1)) }]];
}
