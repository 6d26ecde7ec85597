/**
 * `npm run bench -- relay|store`: what a message costs us beside what it costs Kamailio, in pairs of runs that
 * alternate, by drivers that are not part of this repository. See README.md.
 */
import { rmSync } from 'node:fs';
import process from 'node:process';
import { installMissing } from '../interop/surroundings/debian-packages.ts';
import { benchBindings } from './bindings.ts';
import { type Comparison, comparisonOf } from './comparisons.ts';
import { benchEngines } from './engines.ts';
import { benchFlood } from './flood.ts';
import { driversWithNotifications } from './notified-messages.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { withOwnServer } from './own-server.ts';
import { type Pair, runPair } from './pair.ts';
import { benchParse } from './parse.ts';
import { benchQueue } from './queue.ts';
import { formatTable } from './table.ts';

const ownBenches: ReadonlyMap<string, (words: readonly string[]) => Promise<void>> = new Map([
  ['bindings', benchBindings],
  ['engines', benchEngines],
  ['flood', benchFlood],
  ['parse', benchParse],
  ['queue', benchQueue],
]);

const exitCodes = { measured: 0, failed: 1, usage: 2 } as const;

/** `msilo` is in a package of its own, its tables for SQLite in another. */
const peerPrograms = [
  { program: 'kamailio', debianPackage: 'kamailio' },
  { program: '/usr/share/kamailio/db_sqlite/msilo-create.sql', debianPackage: 'kamailio-sqlite-modules' },
  { program: 'sqlite3', debianPackage: 'sqlite3' },
  { program: 'sipp', debianPackage: 'sip-tester' },
];

process.exit(await main());

async function main(): Promise<number> {
  const own = process.argv[2] === undefined ? undefined : ownBenches.get(process.argv[2]);
  if (own !== undefined) return alone(own);
  let options: BenchOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    complain(error);
    return exitCodes.usage;
  }
  try {
    await installMissing(peerPrograms, (line) => process.stderr.write(`${line}\n`));
    const comparison = await comparisonOf(options);
    const pairs = await runPairs(options, comparison);
    if (!options.json) process.stdout.write(`${formatTable(comparison.rows, pairs, options.peer)}\n${comparison.explanation.join('\n')}\n`);
    return exitCodes.measured;
  } catch (error) {
    complain(error);
    return exitCodes.failed;
  }
}

/** Those that need no other server. */
async function alone(bench: (words: readonly string[]) => Promise<void>): Promise<number> {
  try {
    await bench(process.argv.slice(3));
    return exitCodes.measured;
  } catch (error) {
    complain(error);
    return exitCodes.failed;
  }
}

async function runPairs(options: BenchOptions, comparison: Comparison): Promise<Pair[]> {
  if (!options.notifications) return runPairsWith(options.drivers, options, comparison);
  const drivers = driversWithNotifications(options.drivers);
  try {
    return await runPairsWith(drivers, options, comparison);
  } finally {
    rmSync(drivers, { recursive: true, force: true });
  }
}

async function runPairsWith(drivers: string, { rounds, json }: BenchOptions, comparison: Comparison): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`Pair ${round} of ${rounds} …\n`);
    const pair = await withOwnServer(comparison.through, (server) =>
      runPair(drivers, comparison.peerCommand, comparison.ownCommand(server)),
    );
    if (json) printPair(round, pair);
    pairs.push(pair);
  }
  return pairs;
}

function printPair(round: number, pair: Pair): void {
  for (const [figure, { peer, own }] of pair) {
    const line = { round, figure, peer: Object.fromEntries(peer), opencpm: Object.fromEntries(own) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
