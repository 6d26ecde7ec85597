/**
 * `npm run bench -- flood`: what alice and bob notice when somebody behind the same address sends datagrams that bring
 * nobody anything. Against ourselves: a quiet run and a flooded one, in the same minute, on the same server.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CpmClient } from '@opencpm/client';
import { nodeClientPlatform } from '@opencpm/client/node';
import { freePort } from '../interop/surroundings/free-port.ts';
import { domain, ServerProcess } from '../interop/surroundings/server-process.ts';
import { password } from './warm-up.ts';

export const floodUsage = 'usage: npm run bench -- flood [--count 50000] [--rate 5000] [--json]';

/** Messages of each pair in a second: people who write to each other, far from what the server can. */
const messagesPerSecond = 50;
const warmUpSeconds = 10;
/** The flood comes from the first; users write from both. */
const addresses = ['127.0.0.1', '127.0.0.2'] as const;

interface Series {
  /** Milliseconds from sending to the answer, of messages that were relayed. */
  readonly milliseconds: number[];
  failed: number;
}

interface Writer {
  readonly address: string;
  readonly sender: CpmClient;
  readonly recipient: string;
}

/** Throws with a text for the user. */
export async function benchFlood(words: readonly string[]): Promise<void> {
  const options = { count: { type: 'string' }, rate: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...words], options });
  const [count, rate] = [Number(values.count ?? '50000'), Number(values.rate ?? '5000')];
  if (!(Number.isInteger(count) && count > 0 && Number.isInteger(rate) && rate > 0)) throw new Error(floodUsage);
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-flood-'));
  const users = ['alice0', 'bob0', 'alice1', 'bob1'].map((user) => ({ user, password }));
  const server = new ServerProcess(folder, await freePort(), { users });
  try {
    await server.start();
    const figures = await measure(server, { count, rate });
    process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : table(figures));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Flood {
  /** Of each kind. */
  readonly count: number;
  /** Datagrams a second, both kinds together. */
  readonly rate: number;
}

interface Figures {
  readonly quiet: Readonly<Record<string, Summary>>;
  readonly flooded: Readonly<Record<string, Summary>>;
  readonly floodSent: number;
  readonly floodAnswered: number;
  readonly residentMegabytes: { readonly before: number; readonly after: number };
}

interface Summary {
  readonly messages: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
}

async function measure(server: ServerProcess, flood: Flood): Promise<Figures> {
  const opened = await Promise.all(addresses.map((address, index) => openPair(server, address, index)));
  const writers = opened.map(({ writer }) => writer);
  try {
    const seconds = Math.ceil((2 * flood.count) / flood.rate);
    await writeFor(warmUpSeconds * 1000, writers);
    const quiet = await writeFor(seconds * 1000, writers);
    const before = residentMegabytes(server.pid);
    const flooder = fork(
      fileURLToPath(new URL('./flooder.ts', import.meta.url)),
      [String(server.port), String(flood.count), String(flood.rate)],
      {
        execArgv: ['--disable-warning=ExperimentalWarning'],
      },
    );
    const ended = once(flooder, 'message');
    const flooded = await writeFor(seconds * 1000, writers);
    const [report]: { readonly sent: number; readonly answered: number }[] = await ended;
    const after = residentMegabytes(server.pid);
    return {
      quiet,
      flooded,
      floodSent: report?.sent ?? 0,
      floodAnswered: report?.answered ?? 0,
      residentMegabytes: { before, after },
    };
  } finally {
    await Promise.all(opened.flatMap(({ clients }) => clients.map((client) => client.close())));
  }
}

async function openPair(server: ServerProcess, host: string, index: number) {
  const clients = await Promise.all(
    ['alice', 'bob'].map(async (name) => {
      const client = new CpmClient(
        nodeClientPlatform(),
        {
          identity: `sip:${name}${index}@${domain}`,
          password,
          server: { transport: 'UDP', host: server.host, port: server.port },
          local: { host, port: 0 },
          deliveryNotifications: 'manual',
        },
        { message: () => undefined },
      );
      const registered = await client.register();
      if (registered.kind !== 'registered') throw new Error(`${name}${index} was not registered: ${registered.kind}`);
      return client;
    }),
  );
  const [sender] = clients;
  if (sender === undefined) throw new Error('no sender');
  return { clients, writer: { address: host, sender, recipient: `sip:bob${index}@${domain}` } };
}

/** Each writer sends at its pace; a message that is late holds up none of the others. */
async function writeFor(milliseconds: number, writers: readonly Writer[]): Promise<Record<string, Summary>> {
  const series = new Map<Writer, Series>(writers.map((writer) => [writer, { milliseconds: [], failed: 0 }]));
  const sent: Promise<void>[] = [];
  const end = performance.now() + milliseconds;
  for (let due = performance.now(); due < end; due += 1000 / messagesPerSecond) {
    await pause(Math.max(0, due - performance.now()));
    for (const [writer, own] of series) sent.push(write(writer, own));
  }
  await Promise.all(sent);
  return Object.fromEntries([...series].map(([{ address }, own]) => [address, summaryOf(own)]));
}

async function write({ sender, recipient }: Writer, series: Series): Promise<void> {
  const start = performance.now();
  const outcome = await sender.send(recipient, 'What one writes while others make noise.');
  if (outcome.kind === 'accepted' && outcome.status === 200) series.milliseconds.push(performance.now() - start);
  else series.failed += 1;
}

function summaryOf({ milliseconds, failed }: Series): Summary {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2));
  return { messages: sorted.length, failed, p50: at(0.5), p99: at(0.99) };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function table({ quiet, flooded, floodSent, floodAnswered, residentMegabytes: { before, after } }: Figures): string {
  const rows = addresses.map((address) => {
    const [calm, loud] = [quiet[address], flooded[address]];
    if (calm === undefined || loud === undefined) throw new Error(`nothing was measured from ${address}`);
    const ratio = (loud.p99 / calm.p99).toFixed(2);
    return `from ${address}: ${calm.messages} messages quiet, ${calm.failed} failed, p50 ${calm.p50} ms, p99 ${calm.p99} ms; ${loud.messages} flooded, ${loud.failed} failed, p50 ${loud.p50} ms, p99 ${loud.p99} ms; p99 ratio ${ratio}`;
  });
  const flood = `flood from ${addresses[0]}: ${floodSent} datagrams, ${floodAnswered} answers`;
  return `${[...rows, flood, `memory of the server: ${before} MB before, ${after} MB after`].join('\n')}\n`;
}
