import type { Flow, HostPort, Listener, NetworkUser } from '@opencpm/sip';
import type { DatagramWire } from './datagram-wire.ts';

/** The largest UDP payload over IPv4, past which a real socket refuses to send (RFC 768, RFC 791). */
const maxSentOctets = 65_507;

export interface DatagramListenerOptions {
  readonly wire: DatagramWire;
  /** As it was asked for, with the port that was bound. */
  readonly address: HostPort;
  /** The host's own address, which peers see. */
  readonly hostAddress: string;
  readonly user: NetworkUser;
}

/** A bound UDP socket of a virtual host. */
export class DatagramListener implements Listener {
  readonly transport = 'UDP';
  readonly address: HostPort;
  readonly #options: DatagramListenerOptions;
  readonly #flows = new Map<string, DatagramFlow>();
  #closed = false;

  constructor(options: DatagramListenerOptions) {
    this.address = options.address;
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  flowTo(remote: HostPort): DatagramFlow {
    const key = `${remote.host} ${remote.port}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const flow = new DatagramFlow(this, remote);
    this.#flows.set(key, flow);
    return flow;
  }

  send(octets: Uint8Array, remote: HostPort): void {
    const { wire, hostAddress } = this.#options;
    wire.send({ host: hostAddress, port: this.address.port }, remote, octets);
  }

  receive(octets: Uint8Array, from: HostPort): void {
    this.#options.user.received(octets, this.flowTo(from));
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

class DatagramFlow implements Flow {
  readonly id: string;
  readonly transport = 'UDP';
  readonly reliable = false;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly #listener: DatagramListener;

  constructor(listener: DatagramListener, remote: HostPort) {
    this.local = listener.address;
    this.remote = { host: remote.host, port: remote.port };
    this.id = `udp ${this.local.host} ${this.local.port} ${remote.host} ${remote.port}`;
    this.#listener = listener;
  }

  get closed(): boolean {
    return this.#listener.closed;
  }

  send(octets: Uint8Array): boolean {
    if (this.closed || octets.length > maxSentOctets) return false;
    this.#listener.send(octets, this.remote);
    return true;
  }

  close(): void {
    // Nothing to end: the socket belongs to the listener.
  }
}
