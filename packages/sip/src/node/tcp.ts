import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { ConnectResult, Flow, HostPort, Listener, NetworkUser } from '../platform.ts';
import type { NetworkLimits } from './limits.ts';

/** How long a closed connection may take to send what it has already taken. Milliseconds. */
const flushMilliseconds = 1_000;

/**
 * Part of every flow id, so that an id stored before a restart never names a connection of this process.
 */
const processToken = randomBytes(6).toString('hex');
let flowCount = 0;

export interface TcpOptions {
  readonly limits: NetworkLimits;
  readonly fault: (error: unknown) => void;
}

/** The connections of one network, which share the limit on their number. */
export class TcpConnections {
  readonly limits: NetworkLimits;
  readonly #fault: (error: unknown) => void;
  readonly #flows = new Set<TcpFlow>();
  #opening = 0;

  constructor(options: TcpOptions) {
    this.limits = options.limits;
    this.#fault = options.fault;
  }

  /** Binds a listening socket; `address.host` is an address, not a name. Rejects when it cannot. */
  async listen(address: HostPort, user: NetworkUser): Promise<Listener> {
    const server = createServer({ noDelay: true });
    const listener = new TcpListener(server, (socket) => this.#accept(socket, user));
    const bound = once(server, 'listening');
    server.listen({ host: address.host, port: address.port, ipv6Only: isIPv6(address.host) });
    await bound;
    server.on('error', this.#fault);
    return listener;
  }

  connect(remote: HostPort, user: NetworkUser, timeoutMilliseconds: number): Promise<ConnectResult> {
    if (this.#full) return Promise.resolve({ kind: 'failed', reason: 'limit of connections reached' });
    this.#opening += 1;
    const { promise, resolve } = Promise.withResolvers<ConnectResult>();
    const socket = connect({ host: remote.host, port: remote.port, noDelay: true });
    const done = (result: () => ConnectResult) => {
      clearTimeout(timer);
      this.#opening -= 1;
      resolve(result());
    };
    const failed = (reason: string) => {
      socket.destroy();
      done(() => ({ kind: 'failed', reason }));
    };
    const timer = setTimeout(() => failed(`no answer within ${timeoutMilliseconds} ms`), timeoutMilliseconds);
    const refused = (error: Error) => failed('code' in error ? String(error.code) : error.message);
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      done(() => ({ kind: 'connected', flow: this.#open(socket, remote, user, this.limits.idleMilliseconds) }));
    });
    return promise;
  }

  get #full(): boolean {
    return this.#flows.size + this.#opening >= this.limits.connections;
  }

  #accept(socket: Socket, user: NetworkUser): TcpFlow | undefined {
    const { remoteAddress, remotePort } = socket;
    if (this.#full || remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return undefined;
    }
    return this.#open(socket, { host: remoteAddress, port: remotePort }, user, this.limits.silentMilliseconds);
  }

  #open(socket: Socket, remote: HostPort, user: NetworkUser, patienceMilliseconds: number): TcpFlow {
    const flow = new TcpFlow(socket, remote, this.limits.queuedOctets);
    this.#flows.add(flow);
    socket.setTimeout(patienceMilliseconds, () => flow.abort('idle'));
    if (patienceMilliseconds !== this.limits.idleMilliseconds) {
      socket.once('data', () => socket.setTimeout(this.limits.idleMilliseconds));
    }
    socket.on('data', (octets: Uint8Array) => user.received(octets, flow));
    socket.on('error', (error) => flow.abort('code' in error ? String(error.code) : error.message));
    socket.once('close', () => {
      this.#flows.delete(flow);
      user.flowClosed(flow, flow.reason ?? 'closed by the peer');
    });
    user.flowOpened?.(flow);
    return flow;
  }
}

class TcpListener implements Listener {
  readonly transport = 'TCP';
  readonly #server: Server;
  readonly #accepted = new Set<TcpFlow>();
  #address: HostPort | undefined;

  constructor(server: Server, accept: (socket: Socket) => TcpFlow | undefined) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      const flow = accept(socket);
      if (flow === undefined) return;
      this.#accepted.add(flow);
      socket.once('close', () => this.#accepted.delete(flow));
    });
  }

  get address(): HostPort {
    // Kept, because a closed server no longer tells.
    this.#address ??= boundAddress(this.#server);
    return this.#address;
  }

  close(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    for (const flow of this.#accepted) flow.close();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function boundAddress(server: Server): HostPort {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the TCP server is not bound to an address');
  return { host: address.address, port: address.port };
}

class TcpFlow implements Flow {
  readonly id: string;
  readonly transport = 'TCP';
  readonly reliable = true;
  readonly local: HostPort;
  readonly remote: HostPort;
  /** Why it was closed, when that began on this side. */
  reason: string | undefined;
  readonly #socket: Socket;
  readonly #maxQueuedOctets: number;

  constructor(socket: Socket, remote: HostPort, maxQueuedOctets: number) {
    flowCount += 1;
    this.id = `tcp ${processToken} ${flowCount}`;
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
    this.remote = remote;
    this.#socket = socket;
    this.#maxQueuedOctets = maxQueuedOctets;
  }

  get closed(): boolean {
    return this.reason !== undefined || !this.#socket.writable;
  }

  send(octets: Uint8Array): boolean {
    if (this.closed) return false;
    if (this.#socket.writableLength > this.#maxQueuedOctets) {
      this.abort(`more than ${this.#maxQueuedOctets} octets wait to be sent`);
      return false;
    }
    this.#socket.write(octets);
    return true;
  }

  close(): void {
    if (this.reason !== undefined) return;
    this.reason = 'closed here';
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), flushMilliseconds);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Ends the connection without sending what waits. */
  abort(reason: string): void {
    this.reason ??= reason;
    this.#socket.destroy();
  }
}
