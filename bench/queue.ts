/**
 * `npm run bench -- queue`: what a great queue costs: a million messages that wait for a hundred thousand users, a tenth of
 * them expiring in one moment, ten thousand users who come in one moment. Against ourselves, so that it needs no other program.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../interop/surroundings/free-port.ts';
import { ServerProcess } from '../interop/surroundings/server-process.ts';
import { QueueClients } from './queue-clients.ts';
import { comingCosts } from './queue-coming.ts';
import { expiryOf, leadMilliseconds } from './queue-expiry.ts';
import { rounded } from './queue-figures.ts';
import { messageText } from './queue-message.ts';
import { QueuePlan, type QueueSize } from './queue-plan.ts';
import { memoryOf, peakOf } from './queue-process.ts';
import { expireAt, type Pattern, seedMessages, seedUsers, takeSample, withDatabase } from './queue-seed.ts';
import { type FiguresOfMany, type QueueFigures, queueTable } from './queue-table.ts';
import { stormOf } from './storm.ts';

export const queueUsage = `usage: npm run bench -- queue [--users 100000] [--messages 1000000] [--expiring 100000] [--storm 10000] [--coming 200]
    [--rate 500] [--seconds 30] [--rest 60] [--folder FOLDER] [--written FOLDER] [--json]
  --folder is where the databases are while it runs, --written where the great one is kept for another run.`;

/** For what lies between the moment of expiry being set and the server having started, in milliseconds: at least, and for each message. */
const startMilliseconds = { least: 4000, perMessage: 0.012 } as const;

/** Throws with a text for the user. */
export async function benchQueue(words: readonly string[]): Promise<void> {
  const { plan, folder: parent, json, ...run } = readQueueOptions(words);
  // As the launcher starts a checkout: with the code of earlier runs, so that no compiler of types stays in memory.
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'opencpm');
  const folder = mkdtempSync(join(parent, 'opencpm-queue-'));
  const clean = () => rmSync(folder, { recursive: true, force: true });
  // A run that is broken off leaves gigabytes behind otherwise.
  process.once('exit', clean);
  try {
    const figures = await measureQueue(plan, folder, { ...run, say: (line) => process.stderr.write(`${line}\n`) });
    process.stdout.write(json ? `${JSON.stringify(figures)}\n` : queueTable(plan.size, figures));
  } finally {
    clean();
    process.off('exit', clean);
  }
}

export interface RunOptions {
  readonly restSeconds: number;
  /** A folder where the written database is taken from, or kept. */
  readonly written?: string;
  /** Told what happens. */
  readonly say: (line: string) => void;
}

export async function measureQueue(plan: QueuePlan, folder: string, options: RunOptions): Promise<QueueFigures> {
  const [few, many] = [join(folder, 'few'), join(folder, 'many')];
  for (const each of [few, many]) mkdirSync(join(each, 'data'), { recursive: true, mode: 0o700 });
  options.say(`${plan.everybody.length} users are added …`);
  await withDatabase(few, (database) => seedUsers(database, plan.everybody));
  const pattern = await sampleOf(few, plan);
  copyFileSync(join(few, 'data', 'opencpm.db'), join(many, 'data', 'opencpm.db'));
  await withDatabase(few, (database) => seedMessages(database, plan.few(), { pattern, arrivedAt: Date.now() }));
  options.say('Users come one by one, and nothing waits for others …');
  const alone = await withServer(few, async ({ server, clients, startSeconds }) => ({
    startSecondsAlone: startSeconds,
    startedAlone: memoryOf(server.pid),
    few: await comingCosts(clients, plan, server.pid),
  }));
  options.say(JSON.stringify(alone));
  return { ...alone, ...(await measureMany(plan, many, { ...options, pattern })) };
}

/** How the server keeps a message: one is sent, kept, and taken out again. */
export async function sampleOf(folder: string, plan: QueuePlan): Promise<Pattern> {
  const planned = plan.sample();
  const status = await withServer(folder, ({ clients }) => clients.send(planned.sender, planned.recipient, messageText(planned)));
  if (status !== 202) throw new Error(`a message to somebody who is away was answered ${status}`);
  return { planned, kept: await withDatabase(folder, takeSample) };
}

interface Many extends RunOptions {
  readonly pattern: Pattern;
}

async function measureMany(plan: QueuePlan, folder: string, options: Many): Promise<FiguresOfMany> {
  const { restSeconds, say } = options;
  say(`${plan.size.messages} messages are kept …`);
  const began = performance.now();
  await writeMessages(plan, folder, options);
  const seededSeconds = rounded((performance.now() - began) / 1000);
  const fileMegabytes = Math.round(statSync(join(folder, 'data', 'opencpm.db')).size / 1e6);
  const first = await withServer(folder, async ({ server, clients, startSeconds }) => {
    const [started, startPeak] = [memoryOf(server.pid), peakOf(server.pid)];
    say(`Started in ${startSeconds} s. At rest for ${restSeconds} s …`);
    await pause(restSeconds * 1000);
    const rested = memoryOf(server.pid);
    say('Users come one by one …');
    return { startSeconds, started, startPeak, rested, many: await comingCosts(clients, plan, server.pid) };
  });
  say(JSON.stringify(first));
  const starting = startMilliseconds.least + startMilliseconds.perMessage * plan.size.messages;
  const at = Date.now() + starting + leadMilliseconds(plan);
  const set = await withDatabase(folder, (database) => expireAt(database, at));
  if (set !== plan.size.expiring) throw new Error(`${set} messages expire, not ${plan.size.expiring}`);
  const second = await withServer(folder, async ({ server, clients }) => {
    for (const user of plan.present) await clients.register(user);
    say(`${plan.size.expiring} messages expire at once …`);
    const expiry = await expiryOf(clients, { plan, server, folder, at });
    say(`${JSON.stringify(expiry)}\n${plan.size.storm} users come at once …`);
    const storm = await stormOf(clients, plan, server.pid);
    await pause(restSeconds * 1000);
    return { expiry, storm, restedAfterAll: memoryOf(server.pid) };
  });
  return { seededSeconds, fileMegabytes, ...first, ...second };
}

async function writeMessages(plan: QueuePlan, folder: string, { pattern, written }: Many): Promise<void> {
  const file = join(folder, 'data', 'opencpm.db');
  const { users, messages, expiring, storm, coming } = plan.size;
  const kept = written === undefined ? undefined : join(written, `queue-${users}-${messages}-${expiring}-${storm}-${coming}.db`);
  if (kept !== undefined && existsSync(kept)) return copyFileSync(kept, file);
  await withDatabase(folder, async (database) => {
    const arrivedAt = Date.now() - messages;
    await seedMessages(database, plan.expiring(), { pattern, arrivedAt, expiring: true });
    await seedMessages(database, plan.lasting(), { pattern, arrivedAt: arrivedAt + expiring });
  });
  if (kept !== undefined) copyFileSync(file, kept);
}

interface Started {
  readonly server: ServerProcess;
  readonly clients: QueueClients;
  readonly startSeconds: number;
}

async function withServer<T>(folder: string, use: (started: Started) => Promise<T>): Promise<T> {
  const server = new ServerProcess(folder, await freePort(), { users: [], trustedPeers: ['127.0.0.1'] });
  const began = performance.now();
  await server.start();
  const startSeconds = rounded((performance.now() - began) / 1000);
  const clients = await QueueClients.open(server);
  try {
    return await use({ server, clients, startSeconds });
  } finally {
    clients.close();
    if (server.isRunning) await server.stop();
  }
}

interface QueueOptions extends Omit<RunOptions, 'say'> {
  readonly plan: QueuePlan;
  readonly folder: string;
  readonly json: boolean;
}

function readQueueOptions(words: readonly string[]): QueueOptions {
  const text = { type: 'string' } as const;
  const counts = { users: text, messages: text, expiring: text, storm: text, coming: text, rate: text, seconds: text, rest: text };
  const { values } = parseArgs({ args: [...words], options: { ...counts, folder: text, written: text, json: { type: 'boolean' } } });
  const count = (value: string | undefined, otherwise: number) => {
    const number = Number(value ?? otherwise);
    if (!Number.isInteger(number) || number < 0) throw new Error(`${value}: must be a whole number\n${queueUsage}`);
    return number;
  };
  const size: QueueSize = {
    users: count(values.users, 100_000),
    messages: count(values.messages, 1_000_000),
    expiring: count(values.expiring, 100_000),
    storm: count(values.storm, 10_000),
    coming: count(values.coming, 200),
    rate: count(values.rate, 500),
    seconds: count(values.seconds, 30),
  };
  return {
    plan: new QueuePlan(size),
    restSeconds: count(values.rest, 60),
    folder: values.folder ?? tmpdir(),
    json: values.json ?? false,
    ...(values.written === undefined ? {} : { written: values.written }),
  };
}
