import type { Endpoint, Network, Random } from '@opencpm/sip';

/** What the core reaches others with. */
export interface Ways {
  readonly endpoint: Endpoint;
  readonly network: Network;
  readonly random: Random;
}
