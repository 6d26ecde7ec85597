import { nodeClock, nodeHashes, nodeNetwork, nodeOctets, nodeRandom } from '@opencpm/sip/node';
import { openDatabase } from '@opencpm/storage';
import { destination, pino } from 'pino';
import type { Log as LogSettings } from './configuration/configuration.ts';
import type { Log, ServerPlatform } from './platform.ts';

/** The real machine; built in `main` and nowhere else. */
export function nodeServerPlatform(): ServerPlatform {
  return {
    clock: nodeClock(),
    random: nodeRandom(),
    hashes: nodeHashes(),
    network: nodeNetwork(),
    octets: nodeOctets,
    openDatabase: (url) => openDatabase(url, { createDirectory: true }),
    openLog,
  };
}

/** JSON lines on standard error or in a file, written at once so that a crash loses none. */
function openLog({ level, file }: LogSettings): Log {
  const target = destination({ dest: file ?? 2, sync: true, mkdir: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
}
