import type { Clock, Hashes, Network, OctetCodec, Random } from '@opencpm/sip';

/** What a client needs from outside. `nodeClientPlatform` of `@opencpm/client/node` gives the real one. */
export interface ClientPlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashes: Hashes;
  readonly network: Network;
  readonly octets: OctetCodec;
  /** The address of this machine from which `remote` (an address) is reached; undefined when there is no way. */
  localHost?(remote: string): Promise<string | undefined>;
}
