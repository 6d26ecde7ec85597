import type { Clock, HostPort } from '@opencpm/sip';
import type { SeededRandom } from '../seeded-random.ts';
import type { LinkConditions } from './conditions.ts';
import { DatagramWire } from './datagram-wire.ts';
import { Fabric } from './fabric.ts';
import { Topology } from './topology.ts';
import type { VirtualDns } from './virtual-dns.ts';
import { VirtualHost } from './virtual-host.ts';
import { WireLog } from './wire-log.ts';

export interface VirtualNetworkOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Of all links; what is left out is as in `steadyLink`. */
  readonly conditions?: Partial<LinkConditions>;
  /** For who looks at each entry as it comes, and keeps none of a long run. */
  readonly wireLog?: WireLog;
}

/**
 * A network of hosts in one process and on virtual time. Everything that happens on it follows from the seed and from
 * what its users do, and stands in `wireLog`.
 */
export class VirtualNetwork {
  readonly wireLog: WireLog;
  readonly #fabric: Fabric;
  readonly #topology: Topology;
  readonly #wire: DatagramWire;
  readonly #hosts = new Map<string, VirtualHost>();

  constructor(options: VirtualNetworkOptions) {
    const { clock, random, conditions } = options;
    this.wireLog = options.wireLog ?? new WireLog(clock.now());
    this.#topology = new Topology(conditions);
    this.#fabric = new Fabric({ clock, random: random.fork('network'), topology: this.#topology, wireLog: this.wireLog });
    this.#wire = new DatagramWire(this.#fabric);
  }

  /**
   * The host with that address: the same while it is up, a fresh one after a crash, which also ends its silence. The
   * name is for logs and ladders only.
   */
  host(address: string, name?: string): VirtualHost {
    if (name !== undefined || !this.wireLog.names.has(address)) this.wireLog.nameHost(address, name ?? address);
    const known = this.#hosts.get(address);
    if (known?.up === true) return known;
    const host = new VirtualHost(this.#fabric, this.#wire, address);
    this.#hosts.set(address, host);
    this.#fabric.stations.set(address, host);
    this.#fabric.addresses.add(address);
    this.#topology.setDark(address, false);
    this.#retryStreams();
    return host;
  }

  /** What every host is told about names. */
  get dns(): VirtualDns {
    return this.#fabric.dns;
  }

  /** Changes all links that have no conditions of their own, for what is sent from now on. */
  setConditions(changes: Partial<LinkConditions>): void {
    this.#topology.setConditions(changes);
  }

  /** Gives the link between two hosts, both ways, conditions of its own. */
  setLink(address: string, other: string, changes: Partial<LinkConditions>): void {
    this.#topology.setLink(address, other, changes);
  }

  /**
   * Cuts a group of hosts off from the others, or from everybody else when none are named. Datagrams sent meanwhile are
   * lost, streams stand still: with one host in the group its peers hold half-open connections. What it gives ends this
   * partition and leaves the others.
   */
  partition(group: readonly string[], others?: readonly string[]): () => void {
    const end = this.#topology.partition(group, others);
    return () => {
      end();
      this.#retryStreams();
    };
  }

  /** Ends all partitions; what streams held back goes on. */
  heal(): void {
    this.#topology.heal();
    this.#retryStreams();
  }

  /**
   * The host's process dies: its sockets are gone, what was on its way to it is dropped, its TCP peers get a reset. With
   * `silently` the host loses power: nobody is told and nothing answers until `host` starts it anew.
   */
  crashHost(address: string, options: { readonly silently?: boolean } = {}): void {
    const silently = options.silently === true;
    this.#hosts.get(address)?.crash(silently);
    this.#hosts.delete(address);
    this.#fabric.stations.delete(address);
    if (silently) this.#topology.setDark(address, true);
  }

  /** From now on connections to that address are refused (or, with `false`, accepted again). */
  refuseConnections(address: HostPort, refuse = true): void {
    const key = `${address.host}:${address.port}`;
    if (refuse) this.#fabric.refusing.add(key);
    else this.#fabric.refusing.delete(key);
  }

  /** Breaks every TCP connection between two hosts, as a firewall that lost its state. */
  resetConnections(address: string, other: string): void {
    for (const end of [...this.#fabric.streams]) {
      if (end.local.host === address && end.remote.host === other) end.breakOff();
      else if (end.local.host === other && end.remote.host === address) end.breakOff();
    }
  }

  /**
   * The path forgets every TCP connection between two hosts, as an address translator does: both ends stay half-open,
   * nothing that they send arrives, and nobody is told. New connections are not hindered.
   */
  forgetConnections(address: string, other: string): void {
    for (const end of [...this.#fabric.streams]) {
      if (end.local.host === address && end.remote.host === other) end.forget();
    }
  }

  #retryStreams(): void {
    for (const end of [...this.#fabric.streams]) end.retry();
  }
}
