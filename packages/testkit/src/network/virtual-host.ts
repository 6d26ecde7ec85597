import type { ConnectResult, Flow, HostPort, Listener, Network, NetworkUser, TransportName } from '@opencpm/sip';
import { ConnectAttempt } from './connect-attempt.ts';
import { DatagramListener } from './datagram-listener.ts';
import type { DatagramWire } from './datagram-wire.ts';
import type { Fabric, Station, StreamAcceptor } from './fabric.ts';
import { StreamListener } from './stream-listener.ts';
import type { VirtualDns } from './virtual-dns.ts';

const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * One host of a virtual network, from its start to its crash: the Network that a process on it gets. After the crash
 * everything that a leftover of the process still tries comes to nothing.
 */
export class VirtualHost implements Network, Station {
  readonly address: string;
  readonly #fabric: Fabric;
  readonly #wire: DatagramWire;
  readonly #datagramListeners = new Map<number, DatagramListener>();
  readonly #streamListeners = new Map<number, StreamListener>();
  readonly #attempts = new Set<ConnectAttempt>();
  #up = true;

  constructor(fabric: Fabric, wire: DatagramWire, address: string) {
    this.#fabric = fabric;
    this.#wire = wire;
    this.address = address;
  }

  /** False from its crash on; the network then gives a new host for the address. */
  get up(): boolean {
    return this.#up;
  }

  async listen(transport: TransportName, address: HostPort, user: NetworkUser): Promise<Listener> {
    const host = (await this.#firstAddress(address.host)) ?? '';
    const refusal = this.#bindRefusal(transport, { host, port: address.port });
    if (refusal !== undefined) throw new Error(`cannot listen on ${transport} ${address.host} port ${address.port}: ${refusal}`);
    const port = address.port === 0 ? this.#freePort(transport) : address.port;
    return transport === 'UDP' ? this.#listenUdp({ host, port }, user) : this.#listenTcp({ host, port }, user);
  }

  datagramFlow(listener: Listener, remote: HostPort): Flow {
    if (!(listener instanceof DatagramListener)) throw new TypeError('the listener is not a UDP listener of this network');
    return listener.flowTo(remote);
  }

  async connect(remote: HostPort, user: NetworkUser, timeoutMilliseconds: number): Promise<ConnectResult> {
    const host = await this.#firstAddress(remote.host);
    if (host === undefined) return { kind: 'failed', reason: 'ENOTFOUND' };
    if (!this.#up) return { kind: 'failed', reason: 'ENETDOWN' };
    const local = { host: this.address, port: this.#freePort('TCP') };
    const attempt = new ConnectAttempt(this.#fabric, { local, remote: { host, port: remote.port }, user, timeoutMilliseconds });
    this.#attempts.add(attempt);
    const result = await attempt.result;
    this.#attempts.delete(attempt);
    return result;
  }

  get dns(): VirtualDns {
    return this.#fabric.dns;
  }

  receiveDatagram(octets: Uint8Array, from: HostPort, port: number): boolean {
    const listener = this.#datagramListeners.get(port);
    if (listener === undefined || listener.closed) return false;
    listener.receive(octets, from);
    return true;
  }

  streamListener(port: number): StreamAcceptor | undefined {
    const listener = this.#streamListeners.get(port);
    return listener?.closed === false ? listener : undefined;
  }

  /** The process ends here and now: nothing of it is called again. */
  crash(silently: boolean): void {
    this.#up = false;
    for (const listener of this.#datagramListeners.values()) void listener.close();
    for (const attempt of this.#attempts) attempt.abandon();
    for (const end of [...this.#fabric.streams]) {
      if (end.local.host === this.address) end.vanish(silently);
    }
    this.#datagramListeners.clear();
    this.#streamListeners.clear();
  }

  #listenUdp(address: HostPort, user: NetworkUser): Listener {
    const listener = new DatagramListener({ wire: this.#wire, address, hostAddress: this.address, user });
    this.#datagramListeners.set(address.port, listener);
    return listener;
  }

  #listenTcp(address: HostPort, user: NetworkUser): Listener {
    const listener = new StreamListener(address, user);
    this.#streamListeners.set(address.port, listener);
    return listener;
  }

  #bindRefusal(transport: TransportName, { host, port }: HostPort): string | undefined {
    if (!this.#up) return 'ENETDOWN';
    if (host !== this.address && !anyAddress.has(host)) return 'EADDRNOTAVAIL';
    return this.#isBound(transport, port) ? 'EADDRINUSE' : undefined;
  }

  #isBound(transport: TransportName, port: number): boolean {
    const listener = transport === 'UDP' ? this.#datagramListeners.get(port) : this.#streamListeners.get(port);
    return listener?.closed === false;
  }

  #freePort(transport: TransportName): number {
    let port = this.#fabric.nextDynamicPort(this.address);
    while (this.#isBound(transport, port)) port = this.#fabric.nextDynamicPort(this.address);
    return port;
  }

  async #firstAddress(host: string): Promise<string | undefined> {
    const addresses = await this.dns.addresses(host);
    return 'kind' in addresses ? undefined : addresses[0];
  }
}
