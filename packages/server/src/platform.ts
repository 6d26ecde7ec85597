import type { Clock, Hashes, Network, OctetCodec, Random } from '@opencpm/sip';
import type { Database, OpenDatabaseOptions } from '@opencpm/storage';
import type { ObservationPlatform } from './observability/observation-platform.ts';

export type { Log, LogFields } from './observability/log.ts';

/**
 * Everything that a server takes from the machine it runs on. The real one is built by `node-platform.ts` for `main`
 * only; a simulation brings virtual ones, so that the same server runs twice and does the same.
 */
export interface ServerPlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashes: Hashes;
  readonly network: Network;
  readonly octets: OctetCodec;
  readonly postJson: PostJson;
  readonly observation: ObservationPlatform;
  /** Opens the database of that URL; rejects with an Error that says what to do. */
  openDatabase(url: string, options: Pick<OpenDatabaseOptions, 'events' | 'waitingCalls'>): Promise<Database>;
}

/** Posts a JSON text and resolves with the HTTP status; rejects when nobody answers in time. */
export type PostJson = (url: string, body: string) => Promise<number>;

/** Product token behind the CPM release in User-Agent and Server. */
export const productVersion = '0.1.0';
export const product = `OpenCPM/${productVersion}`;
