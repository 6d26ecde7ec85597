import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from './digest.ts';
import { Neighbours } from './neighbours.ts';
import { askOperatorSocket } from './operator-socket.ts';
import type { Address } from './sip-socket.ts';

const domain = 'cpm.test';

/** The source address whose P-Asserted-Identity the server under test believes. */
export const trustedHost = '127.0.0.2';

/** Every run of a scenario takes fresh users, so that no run meets the bindings or the queue of another. */
const usersPerServer = 4000;
const readyWithinMilliseconds = 120_000;
const launcher = fileURLToPath(new URL('../../packages/server/bin/opencpm.mjs', import.meta.url));

/** Members of `policy` in the configuration file. */
export type ServerPolicy = Readonly<Record<string, string>>;

/** What a scenario needs of the server it runs against. */
export interface ServerUnderTest {
  readonly address: Address;
  /** A user that no run has had yet. */
  takeUser(): Account;
  /** Runs `opencpm <command> --json` against this server and gives the objects that it printed, one a line. */
  command(...command: readonly string[]): Promise<readonly unknown[]>;
  /** Asks what those commands ask, on the socket that they use; gives the value of the answer. */
  administer(method: string, path: string, body?: object): Promise<unknown>;
  /** Its ISF and the reader of its notices. */
  readonly neighbours: Neighbours;
}

/** `opencpm serve` as a child process with a database of its own, on free ports of the loopback interface. */
export class ServerProcess implements ServerUnderTest {
  readonly address: Address;
  readonly neighbours: Neighbours;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #usersTaken = 0;

  private constructor(address: Address, neighbours: Neighbours, folder: string, child: ChildProcess) {
    this.address = address;
    this.neighbours = neighbours;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(policy: ServerPolicy): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'opencpm-conformance-'));
    const address = { host: '127.0.0.1', port: await freePort() };
    const file = join(folder, 'opencpm.yaml');
    const neighbours = new Neighbours();
    const { isf, webhook } = await neighbours.open(address);
    await writeFile(file, configurationText({ address, isf, webhook, policy }));
    const child = spawn(process.execPath, [...sourceCondition, launcher, 'serve', '--json', '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
    const server = new ServerProcess(address, neighbours, folder, child);
    if (await started(output, child)) return server;
    await server.stop();
    throw new Error(`the server under test did not come up:\n${output.join('')}`);
  }

  takeUser(): Account {
    this.#usersTaken += 1;
    if (this.#usersTaken > usersPerServer) throw new RangeError(`more than ${usersPerServer} users are needed`);
    return accountOf(this.#usersTaken);
  }

  async command(...command: readonly string[]): Promise<readonly unknown[]> {
    const all = [...sourceCondition, launcher, ...command, '--json', '--config', join(this.#folder, 'opencpm.yaml')];
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, all, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`opencpm ${command.join(' ')}: ${stderr}${stdout}`)),
      );
    });
    return printed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  administer(method: string, path: string, body?: object): Promise<unknown> {
    return askOperatorSocket(join(this.#folder, 'opencpm.sock'), method, path, body);
  }

  async stop(): Promise<void> {
    this.neighbours.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const insist = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(insist);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const sourceCondition = ['--conditions=opencpm-source', '--disable-warning=ExperimentalWarning'];

function accountOf(number: number): Account {
  const user = `user${number}`;
  return { user, password: `secret-${number}`, address: `sip:${user}@${domain}` };
}

interface Surroundings {
  readonly address: Address;
  readonly isf: string;
  readonly webhook: string;
  readonly policy: ServerPolicy;
}

function configurationText({ address: { host, port }, isf, webhook, policy }: Surroundings): string {
  const users = Array.from({ length: usersPerServer }, (_, index) => accountOf(index + 1));
  return [
    `domain: ${domain}`,
    `listen: ["udp://${host}:${port}", "tcp://${host}:${port}"]`,
    'storage: "sqlite:./conformance.db"',
    'http: { listen: "127.0.0.1:0" }',
    `isf: "${isf}"`,
    `webhook: { url: "${webhook}" }`,
    `trustedPeers: ["${trustedHost}"]`,
    'policy:',
    ...Object.entries({ answerWithin: '1s', ...policy }).map(([key, value]) => `  ${key}: "${value}"`),
    'users:',
    ...users.map(({ user, password }) => `  - { user: ${user}, password: ${password} }`),
    '',
  ].join('\n');
}

/** Free for TCP and for UDP; peers and relays take UDP ports all the time. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    server.close();
    await once(server, 'close');
    if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has an address and a port');
    if (await isFreeForUdp(bound.port)) return bound.port;
  }
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    const bound = once(socket, 'listening');
    socket.bind(port, '127.0.0.1');
    await bound;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** True once the program says that it has started; false when it ended first or the time is over. */
async function started(output: readonly string[], child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (output.join('').includes('"event":"started"')) resolve(true);
    };
    child.stdout?.on('data', look);
    child.once('exit', () => resolve(false));
    setTimeout(() => resolve(false), readyWithinMilliseconds).unref();
  });
}
