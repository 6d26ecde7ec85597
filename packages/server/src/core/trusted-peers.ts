import { BlockList, isIPv6 } from 'node:net';
import type { TrustedPeer } from '../configuration/configuration.ts';

/** Verdicts that are remembered; past it they are found again. */
const maxKnownHosts = 10_000;

/** Peers whose assertions are believed and who are never challenged, by source address. */
export class TrustedPeers {
  readonly #addresses = new BlockList();
  readonly #known = new Map<string, boolean>();

  constructor(peers: readonly TrustedPeer[]) {
    for (const { address } of peers) {
      const [network = '', prefix] = address.split('/');
      const family = isIPv6(network) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#addresses.addAddress(network, family);
      else this.#addresses.addSubnet(network, Number(prefix), family);
    }
  }

  includes(host: string): boolean {
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const included = this.#addresses.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
    if (this.#known.size >= maxKnownHosts) this.#known.clear();
    this.#known.set(host, included);
    return included;
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export function isLoopback(host: string): boolean {
  return loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
