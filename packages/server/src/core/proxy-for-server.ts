import { type Endpoint, StatefulProxy } from '@opencpm/sip';
import type { ServerPlatform } from '../platform.ts';
import type { CoreContext } from './core-context.ts';
import { ProxyTokens } from './proxy-tokens.ts';

export interface ProxySurroundings {
  readonly endpoint: Endpoint;
  /** The secret of the installation. */
  readonly key: string;
}

/** The proxy of a server, and the proofs that it gives to dialogs. */
export function proxyFor(
  { clock, random, hashes, octets }: ServerPlatform,
  { self, log }: CoreContext,
  { endpoint, key }: ProxySurroundings,
): { readonly proxy: StatefulProxy; readonly tokens: ProxyTokens } {
  const fault = (error: unknown) =>
    log.error(
      { where: 'proxy', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      'A fault of this program.',
    );
  const proxy = new StatefulProxy({ endpoint, clock, random, hashes, octets, newTag: self.newTag, fault });
  return { proxy, tokens: new ProxyTokens(hashes, key) };
}
