import { nodeClock, nodeHashes, nodeNetwork, nodeOctets, nodeRandom } from '@opencpm/sip/node';
import type { ClientPlatform } from '../platform.ts';
import { localHost } from './local-host.ts';

/** The real clock and network. */
export function nodeClientPlatform(): ClientPlatform {
  return { clock: nodeClock(), random: nodeRandom(), hashes: nodeHashes(), network: nodeNetwork(), octets: nodeOctets, localHost };
}
