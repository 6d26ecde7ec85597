import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly what: 'relay' | 'store';
  readonly rounds: number;
  /** Messages per second at which both relay; notifications count as messages. */
  readonly rate: number;
  /** Of three messages two are the notifications of the third. */
  readonly notifications: boolean;
  /** The folder of the drivers. */
  readonly drivers: string;
  /** A peer of the drivers, by its name there. */
  readonly peer: string;
  /** Every figure of every pair as a line of JSON, in place of the table. */
  readonly json: boolean;
}

export const usage = `usage: npm run bench -- relay|store [--rounds 5] [--rate 5000] [--notifications] [--peer NAME] [--drivers FOLDER] [--json]
       npm run bench -- bindings|engines|flood|parse     against ourselves; wrong options show theirs
  The drivers are not part of this repository: FOLDER, $OPENCPM_BENCH_DRIVERS or ../shared/bench.`;

const repository = resolve(import.meta.dirname, '..');
const peers = { relay: 'kamailio-relay', store: 'kamailio-msilo-sqlite-wal' } as const;
const neededDrivers = { relay: ['compare.mjs', 'sip-relay.mjs'], store: ['compare.mjs', 'sip-store.mjs'] } as const;

/** Throws with a text for the user. */
export function readOptions(words: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const options = {
    rounds: text,
    rate: text,
    peer: text,
    drivers: text,
    json: { type: 'boolean' },
    notifications: { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
  const [what] = positionals;
  if (positionals.length !== 1 || (what !== 'relay' && what !== 'store')) throw new Error(usage);
  return {
    what,
    rounds: countOf(values.rounds ?? '5', '--rounds'),
    rate: countOf(values.rate ?? '5000', '--rate'),
    notifications: values.notifications ?? false,
    drivers: driversIn(values.drivers, what),
    peer: values.peer ?? peers[what],
    json: values.json ?? false,
  };
}

export function countOf(text: string, name: string, shownUsage = usage): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${name} ${text}: must be a whole number above 0\n${shownUsage}`);
  return count;
}

export function driversIn(folder: string | undefined, what: BenchOptions['what']): string {
  const path = resolve(folder ?? process.env.OPENCPM_BENCH_DRIVERS ?? join(repository, '..', 'shared', 'bench'));
  const missing = neededDrivers[what].find((driver) => !existsSync(join(path, driver)));
  if (missing === undefined) return path;
  throw new Error(`no ${missing} in ${path}: name the folder of the drivers with --drivers or OPENCPM_BENCH_DRIVERS`);
}
