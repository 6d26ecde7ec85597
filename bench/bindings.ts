/**
 * `npm run bench -- bindings`: what 100,000 registered clients cost: memory of the server's process, and whether REGISTER
 * and the relay of a message cost more among many than among few. Against ourselves, so that it needs no other program.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { userId } from '@opencpm/cpm';
import { MIGRATIONS, migrate, openSqliteInThread, type StoredUser, Users } from '@opencpm/storage';
import { freePort } from '../interop/surroundings/free-port.ts';
import { domain, ServerProcess } from '../interop/surroundings/server-process.ts';
import { BindingClients, password, userName } from './binding-clients.ts';

export const bindingsUsage = 'usage: npm run bench -- bindings [--count 100000] [--json]';

/** The few among whom costs are compared, and the requests of one measurement. */
const few = 100;
const measured = 10_000;
/** The kernel counts processor time in hundredths of a second. */
const ticksPerSecond = 100;
/** After which no transaction is held (Timer J, RFC 3261 §17.2.2) and V8 has given back what it kept in reserve. */
const restMilliseconds = 60_000;

interface Figures {
  readonly [name: string]: number;
}

/** Throws with a text for the user. */
export async function benchBindings(words: readonly string[]): Promise<void> {
  const options = { count: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...words], options });
  const count = Number(values.count ?? '100000');
  if (!Number.isInteger(count) || count < 2 * measured + few) throw new Error(`${bindingsUsage}\n  at least ${2 * measured + few}`);
  // As the launcher starts a checkout: with the code of earlier runs, so that no compiler of types stays in memory.
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'opencpm');
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-bindings-'));
  try {
    await seedUsers(folder, count);
    const figures = await measure(folder, count);
    process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : table(figures));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, count: number): Promise<Figures> {
  const server = new ServerProcess(folder, await freePort(), { users: [], trustedPeers: ['127.0.0.1'] });
  // Once before it counts: a checkout that was changed compiles, and what it needs for that stays in memory.
  await server.start();
  await server.stop();
  await server.start();
  const clients = await BindingClients.open(server);
  const cpuOf = (work: () => Promise<void>) => cpuSeconds(server.pid, work);
  try {
    await pause(restMilliseconds);
    const usersLoaded = memoryMegabytes(server.pid);
    await clients.registerAll(range(0, few));
    // V8 compiles what runs often; a server in use is in that state.
    for (let turn = 0; turn < 2; turn += 1) await clients.messageAll(spread(measured, few));
    const relayFew = await cpuOf(() => clients.messageAll(spread(measured, few)));
    await clients.registerAll(range(few, few + measured));
    const registerFirst = await cpuOf(() => clients.registerAll(range(few + measured, few + 2 * measured)));
    await clients.registerAll(range(few + 2 * measured, count - measured));
    const registerLast = await cpuOf(() => clients.registerAll(range(count - measured, count)));
    const refresh = await cpuOf(() => clients.registerAll(spread(measured, count)));
    const relayMany = await cpuOf(() => clients.messageAll(spread(measured, count)));
    const relayFewAmongMany = await cpuOf(() => clients.messageAll(spread(measured, few)));
    const busy = memoryMegabytes(server.pid);
    await pause(restMilliseconds);
    const quiet = memoryMegabytes(server.pid);
    await server.stop();
    const restarted = await afterRestart(server);
    return { count, usersLoaded, busy, quiet, restarted, registerFirst, registerLast, refresh, relayFew, relayFewAmongMany, relayMany };
  } finally {
    clients.close();
    if (server.isRunning) await server.stop();
  }
}

async function afterRestart(server: ServerProcess): Promise<number> {
  await server.start();
  await pause(restMilliseconds);
  const megabytes = memoryMegabytes(server.pid);
  await server.stop();
  return megabytes;
}

/** Users as `opencpm user add` leaves them, written before the server starts. */
async function seedUsers(folder: string, count: number): Promise<void> {
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const database = openSqliteInThread({ file: join(folder, 'data', 'opencpm.db') });
  const migrated = await migrate(database, MIGRATIONS);
  if (migrated.kind !== 'migrated') throw new Error(`the database was not made: ${migrated.kind}`);
  const users = new Users(database);
  for (let from = 0; from < count; from += 1000) {
    const names = range(from, Math.min(count, from + 1000)).map(userName);
    const changes = await Promise.all([...names, ...(from === 0 ? ['sender'] : [])].map((name) => users.add(userOf(name), 1)));
    if (changes.some(({ kind }) => kind !== 'done')) throw new Error('a user was not stored');
  }
  await database.close();
}

function userOf(name: string): StoredUser {
  const uri = `sip:${name}@${domain}`;
  const secret = `${name}:${domain}:${password}`;
  const hash = (algorithm: string) => createHash(algorithm).update(secret).digest('hex');
  const owner = userId(createHash('md5').update(name).digest('hex'));
  const ha1 = { MD5: hash('md5'), 'SHA-256': hash('sha256') };
  return { owner, name, source: 'database', realm: domain, ha1, loopbackOnly: false, identities: [{ address: uri, uri }] };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** That many numbers below `below`, far from each other, each as often as the others. */
function spread(count: number, below: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => (index * 7919) % below);
}

/** All threads of the process. */
async function cpuSeconds(pid: number, work: () => Promise<void>): Promise<number> {
  const before = ticks(pid);
  await work();
  return (ticks(pid) - before) / ticksPerSecond;
}

function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function memoryMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 102.4) / 10;
}

const titles: { readonly [figure: string]: string } = {
  usersLoaded: 'memory with the users, none registered (MB)',
  busy: 'memory with all registered, under load (MB)',
  quiet: 'memory with all registered, at rest (MB)',
  restarted: 'memory with all registered, after a restart (MB)',
  registerFirst: 'CPU seconds for 10,000 REGISTER among 10,000',
  registerLast: 'CPU seconds for 10,000 REGISTER among all',
  refresh: 'CPU seconds for 10,000 refreshing REGISTER among all',
  relayFew: 'CPU seconds for 10,000 relays to 100, 100 registered',
  relayFewAmongMany: 'CPU seconds for 10,000 relays to 100, all registered',
  relayMany: 'CPU seconds for 10,000 relays to all, all registered',
};

function table(figures: Figures): string {
  const lines = Object.entries(titles).map(([name, title]) => `| ${title} | ${figures[name]} |`);
  return [`| ${figures.count} users with one client each | OpenCPM |`, '| --- | --- |', ...lines, ''].join('\n');
}
