/**
 * `npm run bench -- engines`: what a stored message costs our server on PostgreSQL beside SQLite. The same driver at the same
 * server, in turns; what the processes of PostgreSQL use themselves has a line of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type Database, openPostgres, openSqliteInThread } from '@opencpm/storage';
import { runProgram } from '../interop/surroundings/program.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { startPostgres } from '../packages/storage/src/testing/postgres-fixture.ts';
import { engineRows, pairOf, readFigures } from './engines-figures.ts';
import { countOf, driversIn } from './options.ts';
import { password, withOwnServer } from './own-server.ts';
import type { Numbers, Pair } from './pair.ts';
import { formatTable } from './table.ts';

export const enginesUsage = 'usage: npm run bench -- engines [--rounds 5] [--window 16] [--drivers FOLDER] [--json]';

interface EngineOptions {
  readonly rounds: number;
  /** Messages on their way at once. */
  readonly window: number;
  readonly drivers: string;
  readonly json: boolean;
}

const runMilliseconds = 300_000;

/** Throws with a text for the user. */
export async function benchEngines(words: readonly string[]): Promise<void> {
  const options = readOptions(words);
  const pairs: Pair[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`Pair ${round} of ${options.rounds} …\n`);
    const pair = pairOf(await onSqlite(options), await onPostgres(options));
    if (options.json) process.stdout.write(linesOf(round, pair));
    pairs.push(pair);
  }
  if (options.json) return;
  const table = formatTable(engineRows(options.window), pairs, 'SQLite', 'PostgreSQL');
  process.stdout.write(`${table}\n${(await explanation()).join('\n')}\n`);
}

function readOptions(words: readonly string[]): EngineOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...words], options: { rounds: text, window: text, drivers: text, json: { type: 'boolean' } } });
  return {
    rounds: countOf(values.rounds ?? '5', '--rounds', enginesUsage),
    window: countOf(values.window ?? '16', '--window', enginesUsage),
    drivers: driversIn(values.drivers, 'store'),
    json: values.json ?? false,
  };
}

function onSqlite(options: EngineOptions): Promise<ReadonlyMap<string, Numbers>> {
  return withOwnServer([], (server) => drive(options, server, ['--label', 'sqlite']));
}

async function onPostgres(options: EngineOptions): Promise<ReadonlyMap<string, Numbers>> {
  return withPostgres((storage, pid) =>
    withOwnServer([], (server) => drive(options, server, ['--label', 'postgres', '--dbpid', String(pid)]), { storage }),
  );
}

async function withPostgres<T>(use: (url: string, pid: number) => Promise<T>): Promise<T> {
  const postgres = await startPostgres();
  try {
    await postgres.createDatabase('bench');
    return await use(postgres.url('bench'), postgres.pid);
  } finally {
    await postgres.stop();
  }
}

/** Rejects when a message was refused or lost: then the other figures say nothing. */
async function drive(
  { drivers, window }: EngineOptions,
  server: ServerProcess,
  words: readonly string[],
): Promise<ReadonlyMap<string, Numbers>> {
  const { host, port, pid } = server;
  const target = ['--target', `${host}:${port}`, '--pid', String(pid), '--password', password, '--window', String(window)];
  const ended = await runProgram(join(drivers, 'sip-store.mjs'), [...target, ...words], { withinMilliseconds: runMilliseconds });
  if (ended.code === 0) return readFigures(ended.output);
  const state = server.isRunning ? 'which runs' : 'which has ended';
  throw new Error(`sip-store.mjs ended with ${ended.code}: ${ended.errors.trim()}\nThe server, ${state}, said:\n${server.log}`);
}

function linesOf(round: number, pair: Pair): string {
  const lines = [...pair].map(([figure, { peer, own }]) =>
    JSON.stringify({ round, figure, sqlite: Object.fromEntries(peer), postgres: Object.fromEntries(own) }),
  );
  return `${lines.join('\n')}\n`;
}

async function explanation(): Promise<readonly string[]> {
  const when = new Date().toISOString().slice(0, 10);
  return [
    `Keeping 1.0 KB MESSAGE requests for users who are away, and delivering 1,000 of them when one registers, Node ${process.versions.node}, ${availableParallelism()} cores, ${when}.`,
    'Both answer 202 after a commit that survives a power cut, as read from connections of the server’s own kind:',
    `  ${await sqliteDurability()}`,
    `  ${await postgresDurability()}`,
    'SQLite runs within the server; of PostgreSQL it is the processes of the database that write, whose CPU is not the server’s.',
  ];
}

async function sqliteDurability(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-bench-'));
  const database = openSqliteInThread({ file: join(folder, 'opencpm.db') });
  try {
    const [journal, synchronous] = [await settingsOf(database, 'PRAGMA journal_mode'), await settingsOf(database, 'PRAGMA synchronous')];
    return `SQLite: ${journal}, ${synchronous} (2 is FULL)`;
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function postgresDurability(): Promise<string> {
  return withPostgres(async (url) => {
    const database = await openPostgres({ url });
    try {
      const settings = "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, ";
      return `PostgreSQL: ${await settingsOf(database, `${settings}current_setting('wal_sync_method') AS wal_sync_method`)}`;
    } finally {
      await database.close();
    }
  });
}

/** The row that this answers, as `name value`. */
async function settingsOf(database: Database, sql: string): Promise<string> {
  const result = await database.query({ sql, parameters: [] });
  if (result.kind !== 'rows') throw new Error(`${sql}: ${result.kind}`);
  const [row = {}] = result.rows;
  return Object.entries(row)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
