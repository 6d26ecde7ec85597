import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Flow, HostPort, Listener, Network, NetworkUser, TransportName } from '../platform.ts';
import { type NodeDnsOptions, nodeDns } from './dns.ts';
import { defaultNetworkLimits, type NetworkLimits } from './limits.ts';
import { TcpConnections } from './tcp.ts';
import { listenUdp, UdpListener } from './udp.ts';

export interface NodeNetworkOptions {
  readonly limits?: Partial<NetworkLimits>;
  readonly dns?: NodeDnsOptions;
  /** Errors of a bound socket that concern no single peer. Left out: they are thrown and end the process. */
  readonly fault?: (error: unknown) => void;
}

/** UDP and TCP over IPv4 and IPv6. An IPv6 listener takes IPv6 only, so that every peer has one spelling. */
export function nodeNetwork(options: NodeNetworkOptions = {}): Network {
  const limits = { ...defaultNetworkLimits, ...options.limits };
  const fault = options.fault ?? raise;
  const connections = new TcpConnections({ limits, fault });
  return {
    async listen(transport: TransportName, address: HostPort, user: NetworkUser): Promise<Listener> {
      try {
        const bindAddress = { host: await oneAddress(address.host), port: address.port };
        return await (transport === 'UDP' ? listenUdp(bindAddress, user, { limits, fault }) : connections.listen(bindAddress, user));
      } catch (cause) {
        throw new Error(`cannot listen on ${transport} ${address.host} port ${address.port}: ${messageOf(cause)}`, { cause });
      }
    },
    datagramFlow(listener: Listener, remote: HostPort): Flow {
      if (!(listener instanceof UdpListener)) throw new TypeError('the listener is not a UDP listener of this network');
      return listener.flowTo(remote.host, remote.port);
    },
    connect: (remote, user, timeoutMilliseconds) => connections.connect(remote, user, timeoutMilliseconds),
    dns: nodeDns(options.dns),
  };
}

async function oneAddress(host: string): Promise<string> {
  return isIP(host) !== 0 ? host : (await lookup(host)).address;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function raise(error: unknown): never {
  throw error;
}
