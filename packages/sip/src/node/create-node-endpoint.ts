import type { EndpointOptions } from '../endpoint/options.ts';
import { Endpoint } from '../endpoint.ts';
import { nodeClock } from './clock.ts';
import { nodeHashes } from './hashes.ts';
import type { NetworkLimits } from './limits.ts';
import { nodeNetwork } from './network.ts';
import { nodeOctets } from './octets.ts';
import { nodeRandom } from './random.ts';

export interface NodeEndpointOptions extends Omit<EndpointOptions, 'clock' | 'random' | 'network' | 'octets' | 'hashes'> {
  readonly networkLimits?: Partial<NetworkLimits>;
}

/** An endpoint on the real clock and network. */
export function createNodeEndpoint({ networkLimits, ...options }: NodeEndpointOptions = {}): Endpoint {
  const fault = options.on?.fault;
  const network = nodeNetwork({ ...(networkLimits && { limits: networkLimits }), ...(fault && { fault }) });
  return new Endpoint({ ...options, clock: nodeClock(), random: nodeRandom(), network, octets: nodeOctets, hashes: nodeHashes() });
}
