import { join } from 'node:path';
import { SeededRandom } from '@opencpm/testkit';
import { freePort } from '../interop/surroundings/free-port.ts';
import { ServerProcess } from '../interop/surroundings/server-process.ts';
import { AdministrationSocket } from './administration.ts';
import { comeToRest, faultsIn } from './come-to-rest.ts';
import { type Engine, openStorage, type Storage } from './engine.ts';
import { Journal } from './journal.ts';
import { drawMoments, type KillMoment, liveUntil } from './killer.ts';
import type { Ledger } from './ledger.ts';
import { inTemporaryPlace, type TemporaryPlace } from './temporary-place.ts';
import { accounts, Traffic } from './traffic.ts';

export interface KillRunOptions {
  readonly engine: Engine;
  readonly kills: number;
  readonly seed: string;
  /** Told after each kill. */
  readonly progress?: (kills: number) => void;
}

export interface KillRun {
  readonly ledger: Ledger;
  /** How often the server died at the moment that was meant for it. */
  readonly moments: ReadonlyMap<KillMoment['kind'], number>;
  /** What is wrong with the run as a whole. */
  readonly faults: readonly string[];
}

/** Short pauses, so that what waits is tried again within a run. */
const policy = { answerWithin: '1s', pushRetryFirst: '1s', pushRetryMax: '3s' } as const;
const settleMilliseconds = 180_000;

/** Kills a server again and again while people write, lets it come to rest, and gives what everybody saw. */
export function killRun(options: KillRunOptions): Promise<KillRun> {
  return inTemporaryPlace(async (place) => {
    const storage = await openStorage(options.engine);
    place.after(() => storage.stop());
    return runOn(storage, place, options);
  });
}

async function runOn(storage: Storage, { folder, after }: TemporaryPlace, options: KillRunOptions): Promise<KillRun> {
  const random = new SeededRandom(options.seed).fork(options.engine);
  const journal = new Journal();
  const server = new ServerProcess(folder, await freePort(), { users: accounts, storage: storage.url, policy });
  after(async () => (server.isRunning ? server.crash() : undefined));
  const traffic = await Traffic.open({ server, journal, random: random.fork('traffic') });
  after(async () => traffic.close());
  const moments = await killAgainAndAgain({ server, journal, traffic }, drawMoments(options.kills, random.fork('kills')), options.progress);
  const waiting = await comeToRest(traffic, new AdministrationSocket(join(folder, 'data', 'opencpm.sock')), settleMilliseconds);
  const faults = [...journal.faults, ...faultsIn(server.log)];
  const { code, errors } = await server.stop();
  if (code !== 0) faults.push(`the server did not end well on SIGTERM (${code}): ${errors}`);
  return { ledger: journal.closed(waiting), moments, faults };
}

interface Parties {
  readonly server: ServerProcess;
  readonly journal: Journal;
  readonly traffic: Traffic;
}

async function killAgainAndAgain(
  { server, journal, traffic }: Parties,
  moments: readonly KillMoment[],
  progress: (kills: number) => void = () => undefined,
): Promise<ReadonlyMap<KillMoment['kind'], number>> {
  const met = new Map<KillMoment['kind'], number>();
  traffic.begin();
  for (const [index, moment] of moments.entries()) {
    const kind = await liveUntil(moment, server, journal);
    met.set(kind, (met.get(kind) ?? 0) + 1);
    progress(index + 1);
  }
  await server.start();
  journal.back();
  return met;
}
