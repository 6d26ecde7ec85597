import { type NodeDnsOptions, nodeClock, nodeHashes, nodeNetwork, nodeOctets, nodeRandom } from '@opencpm/sip/node';
import { openDatabase } from '@opencpm/storage';
import { destination, pino } from 'pino';
import type { Log as LogSettings } from './configuration/configuration.ts';
import type { Log, ServerPlatform } from './platform.ts';

/** The real machine; built in `main` and nowhere else. */
export function nodeServerPlatform(dns: NodeDnsOptions = {}): ServerPlatform {
  return {
    clock: nodeClock(),
    random: nodeRandom(),
    hashes: nodeHashes(),
    network: nodeNetwork({ dns }),
    octets: nodeOctets,
    postJson,
    openDatabase: (url) => openDatabase(url, { createDirectory: true }),
    openLog,
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

/** JSON lines on standard error or in a file, written at once so that a crash loses none. */
function openLog({ level, file }: LogSettings): Log {
  const target = destination({ dest: file ?? 2, sync: true, mkdir: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
}
