import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Flow, HostPort, Listener, NetworkUser } from '../platform.ts';
import type { NetworkLimits } from './limits.ts';
import { IncomingBatch, OutgoingBatch } from './udp-batches.ts';

/** Largest payload of a UDP datagram over IPv4: 65,535 less 20 for IP and 8 for UDP (RFC 768, RFC 791). */
const maxDatagramOctets = 65_507;

/** The peer cannot be reached this way. Any other error of a send concerns one datagram, which UDP may lose. */
const unreachable: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL']);

export interface UdpOptions {
  readonly limits: NetworkLimits;
  readonly fault: (error: unknown) => void;
}

/** Binds a socket to an address; `address.host` is an address, not a name. Rejects when it cannot. */
export async function listenUdp(address: HostPort, user: NetworkUser, options: UdpOptions): Promise<UdpListener> {
  const type = isIPv6(address.host) ? 'udp6' : 'udp4';
  const socket = createSocket({
    type,
    ipv6Only: type === 'udp6',
    // Every remote host is an address already: the resolver would only cost a turn of the event loop.
    lookup: (host, _options, callback) => callback(null, host, type === 'udp6' ? 6 : 4),
  });
  const bound = once(socket, 'listening');
  socket.bind({ address: address.host, port: address.port });
  await bound;
  enlargeReceiveBuffer(socket, options.limits.receiveBufferOctets);
  return new UdpListener(socket, user, options);
}

function enlargeReceiveBuffer(socket: Socket, octets: number): void {
  try {
    socket.setRecvBufferSize(octets);
  } catch {
    // The system refuses the size; its own is then what there is.
  }
}

export class UdpListener implements Listener {
  readonly transport = 'UDP';
  readonly address: HostPort;
  readonly limits: NetworkLimits;
  readonly #socket: Socket;
  readonly #user: NetworkUser;
  readonly #outgoing: OutgoingBatch;
  // Two generations instead of a list in order of use: a hit costs one look-up, and half of the flows are always kept.
  #recent = new Map<string, UdpFlow>();
  #older = new Map<string, UdpFlow>();
  #closed = false;

  constructor(socket: Socket, user: NetworkUser, options: UdpOptions) {
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.limits = options.limits;
    this.#socket = socket;
    this.#user = user;
    this.#outgoing = new OutgoingBatch(socket, options.limits.queuedOctets);
    const incoming = new IncomingBatch({
      received: (octets, from) => this.#received(octets, from),
      fault: options.fault,
      maxOctets: options.limits.queuedOctets,
    });
    socket.on('message', (octets: Uint8Array, from: RemoteInfo) => incoming.add(octets, from));
    socket.on('error', options.fault);
  }

  get closed(): boolean {
    return this.#closed;
  }

  flowTo(host: string, port: number): UdpFlow {
    const key = `${host} ${port}`;
    return this.#recent.get(key) ?? this.#refresh(key) ?? this.#create(host, port);
  }

  /** The peer cannot be reached: whoever waits for it learns it, and a later attempt gets a new flow. */
  failed(flow: UdpFlow, reason: string): void {
    const key = `${flow.remote.host} ${flow.remote.port}`;
    this.#recent.delete(key);
    this.#older.delete(key);
    this.#user.flowClosed(flow, reason);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#outgoing.flush();
    this.#closed = true;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** What was read in the turn in which the listener was closed comes too late. */
  #received(octets: Uint8Array, { address, port }: RemoteInfo): void {
    if (!this.#closed) this.#user.received(octets, this.flowTo(address, port));
  }

  #create(host: string, port: number): UdpFlow {
    // V8 keeps a text that was cut out of a message as a reference to the whole of it; a flow outlives its messages.
    const remote = { host: Buffer.from(host, 'latin1').toString('latin1'), port };
    return this.#keep(`${remote.host} ${port}`, new UdpFlow(this, this.#outgoing, remote));
  }

  #refresh(key: string): UdpFlow | undefined {
    const flow = this.#older.get(key);
    return flow === undefined ? undefined : this.#keep(key, flow);
  }

  #keep(key: string, flow: UdpFlow): UdpFlow {
    if (this.#recent.size >= this.limits.udpFlows / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, flow);
    return flow;
  }
}

class UdpFlow implements Flow {
  readonly id: string;
  readonly transport = 'UDP';
  readonly reliable = false;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly #listener: UdpListener;
  readonly #outgoing: OutgoingBatch;
  readonly #sent: (error: Error | null) => void;
  #failed = false;

  constructor(listener: UdpListener, outgoing: OutgoingBatch, remote: HostPort) {
    this.local = listener.address;
    this.remote = remote;
    this.id = `udp ${this.local.host} ${this.local.port} ${remote.host} ${remote.port}`;
    this.#listener = listener;
    this.#outgoing = outgoing;
    this.#sent = (error) => this.#afterSend(error);
  }

  get closed(): boolean {
    return this.#failed || this.#listener.closed;
  }

  send(octets: Uint8Array): boolean {
    if (this.closed || octets.length > maxDatagramOctets) return false;
    const { host, port } = this.remote;
    return this.#outgoing.add({ octets, port, host, sent: this.#sent });
  }

  close(): void {
    // Nothing to end: the socket belongs to the listener.
  }

  #afterSend(error: Error | null): void {
    if (error === null || this.closed || !('code' in error) || typeof error.code !== 'string') return;
    if (!unreachable.has(error.code)) return;
    this.#failed = true;
    this.#listener.failed(this, error.code);
  }
}
