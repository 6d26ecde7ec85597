import { type NodeDnsOptions, nodeClock, nodeHashes, nodeNetwork, nodeOctets, nodeRandom } from '@opencpm/sip/node';
import { openDatabase } from '@opencpm/storage';
import { nodeObservation } from './observability/node-observation.ts';
import type { ServerPlatform } from './platform.ts';

/** The real machine; built in `main` and nowhere else. */
export function nodeServerPlatform(dns: NodeDnsOptions = {}): ServerPlatform {
  return {
    clock: nodeClock(),
    random: nodeRandom(),
    hashes: nodeHashes(),
    network: nodeNetwork({ dns }),
    octets: nodeOctets,
    postJson,
    observation: nodeObservation(),
    openDatabase: (url, options) => openDatabase(url, { createDirectory: true, ...options }),
  };
}

/** How long an HTTP service may take for one notice. Milliseconds. */
const postMilliseconds = 10_000;

async function postJson(url: string, body: string): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(postMilliseconds) });
  await response.body?.cancel();
  return response.status;
}
