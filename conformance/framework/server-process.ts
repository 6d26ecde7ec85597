import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from './digest.ts';
import type { ServerPolicy } from './scenario.ts';
import type { Address } from './sip-socket.ts';

export const domain = 'cpm.test';

/** The source address whose P-Asserted-Identity the server under test believes. */
export const trustedHost = '127.0.0.2';

/** Every run of a scenario takes fresh users, so that no run meets the bindings or the queue of another. */
const usersPerServer = 4000;
const readyWithinMilliseconds = 30_000;
const launcher = fileURLToPath(new URL('../../packages/server/bin/opencpm.mjs', import.meta.url));

/** What a scenario needs of the server it runs against. */
export interface ServerUnderTest {
  readonly address: Address;
  /** A user that no run has had yet. */
  takeUser(): Account;
  /** Runs `opencpm <command> --json` against this server and gives what it printed. */
  command(...command: readonly string[]): Promise<unknown>;
}

/** `opencpm serve` as a child process with a database of its own, on free ports of the loopback interface. */
export class ServerProcess implements ServerUnderTest {
  readonly address: Address;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #usersTaken = 0;

  private constructor(address: Address, folder: string, child: ChildProcess) {
    this.address = address;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(policy: ServerPolicy): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'opencpm-conformance-'));
    const address = { host: '127.0.0.1', port: await freePort() };
    const file = join(folder, 'opencpm.yaml');
    await writeFile(file, configurationText(address, policy));
    const child = spawn(process.execPath, [...sourceCondition, launcher, 'serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
    const server = new ServerProcess(address, folder, child);
    if (await answers(address, child)) return server;
    await server.stop();
    throw new Error(`the server under test did not come up:\n${output.join('')}`);
  }

  takeUser(): Account {
    this.#usersTaken += 1;
    if (this.#usersTaken > usersPerServer) throw new RangeError(`more than ${usersPerServer} users are needed`);
    return accountOf(this.#usersTaken);
  }

  async command(...command: readonly string[]): Promise<unknown> {
    const all = [...sourceCondition, launcher, ...command, '--json', '--config', join(this.#folder, 'opencpm.yaml')];
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, all, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`opencpm ${command.join(' ')}: ${stderr}${stdout}`)),
      );
    });
    return JSON.parse(printed);
  }

  async stop(): Promise<void> {
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

function configurationText({ host, port }: Address, policy: ServerPolicy): string {
  const users = Array.from({ length: usersPerServer }, (_, index) => accountOf(index + 1));
  return [
    `domain: ${domain}`,
    `listen: ["udp://${host}:${port}", "tcp://${host}:${port}"]`,
    'storage: "sqlite:./conformance.db"',
    `trustedPeers: ["${trustedHost}"]`,
    'policy:',
    ...Object.entries({ answerWithin: '1s', ...policy }).map(([key, value]) => `  ${key}: "${value}"`),
    'users:',
    ...users.map(({ user, password }) => `  - { user: ${user}, password: ${password} }`),
    '',
  ].join('\n');
}

/** Free for TCP, and so in all likelihood for UDP too. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has an address and a port');
  return bound.port;
}

/** Asks with OPTIONS until any SIP answer comes; false when the process ended or the time is over. */
async function answers({ host, port }: Address, child: ChildProcess): Promise<boolean> {
  const socket = createSocket('udp4');
  const answered = once(socket, 'message').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const ask = (): void => socket.send(optionsRequest(host, port, socket.address().port), port, host);
  const asking = setInterval(ask, 100);
  const deadline = setTimeout(() => socket.emit('error', new Error('no answer')), readyWithinMilliseconds);
  try {
    return await Promise.race([answered, ended]);
  } catch {
    return false;
  } finally {
    clearInterval(asking);
    clearTimeout(deadline);
    socket.close();
  }
}

function optionsRequest(host: string, port: number, ownPort: number): string {
  const lines = [
    `OPTIONS sip:${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:${ownPort};branch=z9hG4bKready${Math.trunc(performance.now())};rport`,
    'Max-Forwards: 70',
    `From: <sip:ready@${domain}>;tag=ready`,
    `To: <sip:${host}:${port}>`,
    `Call-ID: ready-${ownPort}-${Math.trunc(performance.now())}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
