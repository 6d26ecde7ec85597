import type { Clock, Hashes, Network, OctetCodec, Random } from '@opencpm/sip';
import type { Database } from '@opencpm/storage';
import type { Log as LogSettings } from './configuration/configuration.ts';

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
  /** Opens the database of that URL; rejects with an Error that says what to do. */
  openDatabase(url: string): Promise<Database>;
  /** Where the server writes what an operator should see. */
  openLog(settings: LogSettings): Log;
}

/** Posts a JSON text and resolves with the HTTP status; rejects when nobody answers in time. */
export type PostJson = (url: string, body: string) => Promise<number>;

/** Structured log: fields first, then a sentence. No body and no address goes into a field. */
export interface Log {
  error(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  debug(fields: LogFields, text: string): void;
}

export type LogFields = { readonly [name: string]: string | number | boolean | undefined };

/** Product token behind the CPM release in User-Agent and Server. */
export const productVersion = '0.1.0';
export const product = `OpenCPM/${productVersion}`;
