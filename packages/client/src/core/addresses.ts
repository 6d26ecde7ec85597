import { formatHostAndPort, type HostPort, type Network, type TransportName } from '@opencpm/sip';
import type { ClientOptions } from '../options.ts';
import type { ClientPlatform } from '../platform.ts';

/** Where requests go, and all addresses that the server's name has. */
export interface ServerAddress {
  readonly transport: TransportName;
  readonly address: HostPort;
  readonly hosts: readonly string[];
}

/** Throws when a name has no address, or none that can be told now. */
export async function resolveServer({ transport, host, port }: ClientOptions['server'], network: Network): Promise<ServerAddress> {
  const hosts = await network.dns.addresses(host);
  if ('kind' in hosts) throw new Error(`${host}: ${hosts.reason}`);
  // IPv4 first: where both are there, every listener of today has it.
  const chosen = hosts.find((candidate) => !candidate.includes(':')) ?? hosts[0];
  if (chosen === undefined) throw new Error(`${host} has no address`);
  return { transport, address: { host: chosen, port }, hosts };
}

/** Where this client listens, and what it tells others about that. */
export interface LocalAddress {
  readonly bind: HostPort;
  /** The host to be told when the bound one is a wildcard. */
  readonly advertisedHost?: string;
}

export async function localAddress(options: ClientOptions, server: ServerAddress, platform: ClientPlatform): Promise<LocalAddress> {
  const { local } = options;
  if (local !== undefined && !isWildcard(local.host)) return { bind: local };
  const { host } = server.address;
  const own = isLoopback(host) ? host : await platform.localHost?.(host);
  if (local !== undefined) return own === undefined ? { bind: local } : { bind: local, advertisedHost: own };
  return { bind: { host: own ?? (host.includes(':') ? '::' : '0.0.0.0'), port: 0 } };
}

/** The Contact of a client that is reached there. */
export function contactUri(user: string | undefined, { host, port }: HostPort, transport: TransportName): string {
  const userPart = user === undefined ? '' : `${user}@`;
  return `sip:${userPart}${formatHostAndPort(host, port)}${transport === 'TCP' ? ';transport=tcp' : ''}`;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
