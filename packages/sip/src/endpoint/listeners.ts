/** Where this endpoint listens: what it writes into Via and which socket a datagram leaves by. */
import type { Flow, HostPort, Listener, TransportName } from '../platform.ts';

export interface Bound {
  readonly listener: Listener;
  /** What peers are told, as it stands in a Via: `192.0.2.1:5060`, `[2001:db8::1]:5060`. */
  readonly sentBy: string;
}

export class Listeners {
  readonly #bound: Bound[] = [];
  readonly #byLocal = new Map<string, Bound>();

  get all(): readonly Bound[] {
    return this.#bound;
  }

  add(listener: Listener, advertised: HostPort): void {
    const bound = { listener, sentBy: sentByText(advertised) };
    this.#bound.push(bound);
    this.#byLocal.set(localKey(listener.transport, listener.address), bound);
  }

  remove(listener: Listener): void {
    const place = this.#bound.findIndex((bound) => bound.listener === listener);
    if (place >= 0) this.#bound.splice(place, 1);
    this.#byLocal.delete(localKey(listener.transport, listener.address));
  }

  /** The listener that a UDP flow belongs to. */
  ofFlow(flow: Pick<Flow, 'transport' | 'local'>): Bound | undefined {
    return this.#byLocal.get(localKey(flow.transport, flow.local));
  }

  /** The UDP listener for an address: same family, loopback to loopback, else the first that might do. */
  forDatagram(remote: HostPort): Bound | undefined {
    const family = this.#family('UDP', remote);
    const loopback = isLoopback(remote.host);
    return (
      family.find(({ listener }) => isLoopback(listener.address.host) === loopback) ??
      family.find(({ listener }) => isWildcard(listener.address.host)) ??
      family[0]
    );
  }

  /** A connection says where a new one would be accepted, so that the peer can open it when this one is gone. */
  sentByOf(flow: Flow): string {
    if (flow.transport === 'UDP') return this.ofFlow(flow)?.sentBy ?? sentByText(flow.local);
    return this.forConnection(flow.local)?.sentBy ?? sentByText(flow.local);
  }

  /** The listener that stands for connections with addresses of that family. */
  forConnection(address: HostPort): Bound | undefined {
    return this.#family('TCP', address)[0];
  }

  #family(transport: TransportName, peer: HostPort): readonly Bound[] {
    const six = isSix(peer.host);
    return this.#bound.filter(({ listener }) => listener.transport === transport && isSix(listener.address.host) === six);
  }
}

/** `host:port` with the brackets of an IPv6 address. */
export function sentByText({ host, port }: HostPort): string {
  return isSix(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

export function addressKey({ host, port }: HostPort): string {
  return `${host} ${port}`;
}

function localKey(transport: TransportName, { host, port }: HostPort): string {
  return `${transport} ${host} ${port}`;
}

function isSix(host: string): boolean {
  return host.includes(':');
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}
