import type { Clock, HostPort, NetworkUser } from '@opencpm/sip';
import type { SeededRandom } from '../seeded-random.ts';
import type { Topology } from './topology.ts';
import { VirtualDns } from './virtual-dns.ts';
import type { Fate, WireEvent, WireLog } from './wire-log.ts';

/** A host as the fabric sees it. */
export interface Station {
  readonly address: string;
  /** False when nobody is bound to that port. */
  receiveDatagram(octets: Uint8Array, from: HostPort, port: number): boolean;
  streamListener(port: number): StreamAcceptor | undefined;
}

export interface StreamAcceptor {
  readonly user: NetworkUser;
  accepted(end: StreamSide): void;
}

/** An end of a TCP connection as the fabric sees it. */
export interface StreamSide {
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly closed: boolean;
  close(): void;
  /** Tries again to deliver what a partition held back. */
  retry(): void;
  /** The network breaks the connection: both sides get a reset. */
  breakOff(): void;
  /** The path knows the connection no more: nothing arrives either way, and neither side is told. */
  forget(): void;
  /** The process behind this end is gone and hears nothing more. */
  vanish(silently: boolean): void;
}

export interface FabricOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly topology: Topology;
  readonly wireLog: WireLog;
}

const emptyOctets = new Uint8Array(0);

/** The first port of the range for dynamic use (RFC 6335 §6). */
const firstDynamicPort = 49_152;
const dynamicPorts = 65_536 - firstDynamicPort;

/** What all hosts of one virtual network share. */
export class Fabric {
  readonly clock: Clock;
  readonly topology: Topology;
  readonly wireLog: WireLog;
  readonly dns = new VirtualDns();
  /** Living hosts by address. */
  readonly stations = new Map<string, Station>();
  /** Every address that ever had a host: its system answers for a crashed process. */
  readonly addresses = new Set<string>();
  readonly streams = new Set<StreamSide>();
  /** `host:port` of listeners whose connections are refused. */
  readonly refusing = new Set<string>();
  readonly #random: SeededRandom;
  readonly #randomByWay = new Map<string, SeededRandom>();
  readonly #portsTaken = new Map<string, number>();
  #flows = 0;

  constructor(options: FabricOptions) {
    this.clock = options.clock;
    this.topology = options.topology;
    this.wireLog = options.wireLog;
    this.#random = options.random;
  }

  /** The random source of one direction between two hosts: traffic elsewhere does not change what it gives. */
  random(from: string, to: string): SeededRandom {
    const way = `${from} > ${to}`;
    const known = this.#randomByWay.get(way);
    if (known !== undefined) return known;
    const random = this.#random.fork(way);
    this.#randomByWay.set(way, random);
    return random;
  }

  /** A draw of the link's latency. */
  latencyMilliseconds(from: string, to: string): number {
    const { leastLatencyMilliseconds, mostLatencyMilliseconds } = this.topology.conditions(from, to);
    return this.random(from, to).between(leastLatencyMilliseconds, mostLatencyMilliseconds);
  }

  /** Ids of connections are never used again, not even after a restart of their host. */
  nextStreamId(): string {
    this.#flows += 1;
    return `tcp ${this.#flows}`;
  }

  /** A port for a client of that host; the count goes on after a crash, so that old connections stay apart from new ones. */
  nextDynamicPort(address: string): number {
    const taken = this.#portsTaken.get(address) ?? 0;
    this.#portsTaken.set(address, taken + 1);
    return firstDynamicPort + (taken % dynamicPorts);
  }

  logDatagram(
    event: 'datagram' | 'unheard',
    from: HostPort,
    to: HostPort,
    sent: { readonly fate: Fate; readonly octets: Uint8Array },
  ): void {
    this.wireLog.add({ atMilliseconds: this.clock.now(), transport: 'UDP', event, from, to, ...sent });
  }

  logStream(event: WireEvent, from: HostPort, to: HostPort, sent: { readonly fate?: Fate; readonly octets?: Uint8Array } = {}): void {
    const { fate = 'sent', octets = emptyOctets } = sent;
    this.wireLog.add({ atMilliseconds: this.clock.now(), transport: 'TCP', event, from, to, fate, octets });
  }
}
