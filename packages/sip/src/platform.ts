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

/** Digests and keyed digests, synchronous; lower-case hexadecimal. A string stands for its UTF-8 octets. */
export interface Hashes {
  hex(algorithm: 'md5' | 'sha-256', text: Uint8Array | string): string;
  hmacHex(key: Uint8Array, text: Uint8Array | string): string;
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
  readonly dns: DnsResolver;
}

/** Asks the domain name system. No such name and no record of that kind are an empty list. Never rejects. */
export interface DnsResolver {
  /** RFC 3403 §4. */
  naptr(name: string): Promise<readonly NaptrRecord[] | DnsFault>;
  /** RFC 2782. */
  srv(name: string): Promise<readonly SrvRecord[] | DnsFault>;
  /** A and AAAA in the order they came, without brackets; an address is its own address. */
  addresses(name: string): Promise<readonly string[] | DnsFault>;
}

export interface NaptrRecord {
  /** 0 to 65535; lower is first. */
  readonly order: number;
  /** 0 to 65535; among records of one order lower is first. */
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

export interface SrvRecord {
  /** 0 to 65535; lower is first. */
  readonly priority: number;
  /** 0 to 65535; share of the requests among records of one priority. */
  readonly weight: number;
  readonly port: number;
  /** A host name; `.` or nothing says that the service is not there. */
  readonly target: string;
}

/** The resolver could not tell. */
export interface DnsFault {
  readonly kind: 'fault';
  /** True when it is worth asking again later. */
  readonly temporary: boolean;
  readonly reason: string;
}
