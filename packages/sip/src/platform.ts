/**
 * What a SIP endpoint needs from outside: time, randomness and the network. Drivers for Node are in `node/`; a
 * simulation brings virtual ones. Nothing else in this package reads a clock, arms a timer or opens a socket.
 */

/** Time in milliseconds since the Unix epoch; never runs backwards within one process. */
export interface Clock {
  now(): number;
  /** Calls `wake` once, at or soon after `atMilliseconds`. The returned function cancels; calling it twice is harmless. */
  wakeAt(atMilliseconds: number, wake: () => void): CancelWake;
}

export type CancelWake = () => void;

/** Cryptographically strong on a real platform, seeded in a simulation. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Digests and keyed digests, synchronous; lower-case hexadecimal. */
export interface Hashes {
  hex(algorithm: 'md5' | 'sha-256', text: Uint8Array): string;
  hmacHex(key: Uint8Array, text: Uint8Array): string;
}

export type TransportName = 'UDP' | 'TCP';

export interface HostPort {
  /** An IPv4 or IPv6 address without brackets, or (in a listen address) a host name. */
  readonly host: string;
  /** 1 to 65535; 0 in a listen address means any free port. */
  readonly port: number;
}

/**
 * A way to one peer: a connection, or for UDP the pair of local socket and remote address. Requests and responses
 * leave on a flow; a flow once closed stays closed.
 */
export interface Flow {
  /** Unique in this process; goes into stored bindings together with the node's name. */
  readonly id: string;
  readonly transport: TransportName;
  readonly reliable: boolean;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly closed: boolean;
  /** Queues the octets. False when the flow is closed or its send buffer is above its limit: nothing was queued. */
  send(octets: Uint8Array): boolean;
  /** Ends a connection (no effect on UDP). */
  close(): void;
}

/** What a driver tells its user. Every call carries whole messages for UDP and any split of the stream for TCP. */
export interface NetworkUser {
  /** UDP: one datagram. TCP: the next octets of the stream, which the user frames by Content-Length. */
  received(octets: Uint8Array, flow: Flow): void;
  flowOpened?(flow: Flow): void;
  flowClosed(flow: Flow, reason: string): void;
}

export interface Listener {
  readonly transport: TransportName;
  /** With the port that was really bound. */
  readonly address: HostPort;
  close(): Promise<void>;
}

export type ConnectResult = { readonly kind: 'connected'; readonly flow: Flow } | { readonly kind: 'failed'; readonly reason: string };

export interface Network {
  /** Binds a socket; rejects with an Error that names address and cause when it cannot. */
  listen(transport: TransportName, address: HostPort, user: NetworkUser): Promise<Listener>;
  /** The UDP flow from that listener to that peer; the same object for the same pair while it is kept. */
  datagramFlow(listener: Listener, remote: HostPort): Flow;
  /** Opens a TCP connection; its octets go to `user`. Gives up after `timeoutMilliseconds`. */
  connect(remote: HostPort, user: NetworkUser, timeoutMilliseconds: number): Promise<ConnectResult>;
  /** Addresses of a host name (RFC 3263 §4.2, A and AAAA); an address resolves to itself. */
  resolve(host: string): Promise<readonly string[]>;
}
