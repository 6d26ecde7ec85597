import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../interop/surroundings/eventually.ts';
import { freePort } from '../interop/surroundings/free-port.ts';
import { Program, runProgram } from '../interop/surroundings/program.ts';
import { ServerProcess } from '../interop/surroundings/server-process.ts';
import { Client } from './client.ts';
import { type Engine, openStorage, type Storage } from './engine.ts';
import { Journal } from './journal.ts';
import { acceptedAt } from './ledger.ts';
import { inTemporaryPlace } from './temporary-place.ts';
import { type AnswersInTrace, answersInTrace } from './trace.ts';

/** The program that writes down system calls. */
export const tracer = { program: 'strace', debianPackage: 'strace' } as const;

const accounts = [
  { user: 'alice', password: 'force' },
  { user: 'nora', password: 'force' },
];
const traced = 'trace=fdatasync,fsync,recvfrom,recvmsg,recvmmsg,sendto,sendmsg,sendmmsg';
const acceptedMilliseconds = 30_000;

/** Why no system calls can be traced here; undefined when they can. */
export async function whyNotTraced(): Promise<string | undefined> {
  const { code, errors } = await runProgram(tracer.program, ['-f', '-o', '/dev/null', 'true']);
  return code === 0 ? undefined : `strace does not work here: ${errors.trim().split('\n').at(-1)}`;
}

/** So many messages for a user who is away, one at a time, while the calls of the server and of its database are written down. */
export async function durabilityOf(engine: Engine, messages: number): Promise<AnswersInTrace> {
  return inTemporaryPlace(async ({ folder, after }) => {
    const storage = await openStorage(engine);
    after(() => storage.stop());
    const server = new ServerProcess(folder, await freePort(), { users: accounts, storage: storage.url });
    after(async () => (server.isRunning ? server.stop() : undefined));
    await server.start();
    const file = join(folder, 'trace');
    const trace = await attach([server.pid, ...processesOf(storage)], file);
    after(() => trace.stop('SIGINT'));
    await sendOneByOne(server, messages);
    await trace.stop('SIGINT');
    return answersInTrace(readFileSync(file, 'latin1'));
  });
}

async function attach(processes: readonly number[], file: string): Promise<Program> {
  const options = ['-f', '-s', '24', '-e', traced, '-o', file, ...processes.flatMap((pid) => ['-p', String(pid)])];
  const trace = new Program(tracer.program, options);
  await eventually(
    'strace has attached itself',
    () => {
      if (!trace.isRunning) throw new Error(`strace ended: ${trace.errors}`);
      return processes.every((pid) => trace.errors.includes(`Process ${pid} attached`)) ? true : undefined;
    },
    { seen: () => trace.errors },
  );
  return trace;
}

async function sendOneByOne(server: ServerProcess, messages: number): Promise<void> {
  const journal = new Journal();
  const account = { user: 'alice', password: 'force' };
  const client = await Client.open({ account, name: 'alice-1', server, journal, react: () => 'answers', nextId: () => '' });
  try {
    for (let index = 1; index <= messages; index += 1) {
      const id = `m${index}`;
      client.write({ id, kind: 'text', from: 'alice', to: 'nora', conversation: 'traced' });
      const accepted = () => [...journal.closed([]).messages.values()].filter((entry) => acceptedAt(entry) !== undefined).length;
      await eventually(`${id} is accepted`, () => (accepted() === index ? true : undefined), { withinMilliseconds: acceptedMilliseconds });
    }
  } finally {
    client.close();
  }
}

/** The processes of a PostgreSQL server, found by the port on its command line; of SQLite there are none. */
function processesOf({ url }: Storage): number[] {
  const port = /:(\d+)\/\w+$/.exec(url)?.[1];
  if (port === undefined) return [];
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const main = all.find(
    (pid) => /\/postgres\0/.test(readOf(pid, 'cmdline')) && readOf(pid, 'cmdline').includes(`\0-p\0${port}\0`) && !isShell(pid),
  );
  return all.filter((pid) => pid === main || readOf(pid, 'status').includes(`\nPPid:\t${main}\n`)).map(Number);
}

function isShell(pid: string): boolean {
  return readOf(pid, 'cmdline').startsWith('sh\0');
}

/** Empty for a process that has ended meanwhile. */
function readOf(pid: string, file: 'cmdline' | 'status'): string {
  try {
    return readFileSync(join('/proc', pid, file), 'latin1');
  } catch {
    return '';
  }
}
