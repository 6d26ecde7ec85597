import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DebianProgram } from '../surroundings/debian-packages.ts';
import { eventually } from '../surroundings/eventually.ts';
import { type Ending, Program } from '../surroundings/program.ts';

export const sippProgram: DebianProgram = { program: 'sipp', debianPackage: 'sip-tester' };

export type SippScenario =
  | ('register' | 'register-by-digest' | 'register-and-stay')
  | ('send-to-present' | 'send-to-absent' | 'send-and-lose-answers' | 'send-and-watch' | 'send-repeatedly')
  | ('call' | 'call-until-hung-up' | 'call-and-cancel' | 'call-in-vain' | 'ask-options')
  | ('take-call' | 'take-call-and-hang-up' | 'ring-until-cancelled' | 'refuse-call' | 'answer-options')
  | ('receive' | 'answer' | 'answer-and-lose' | 'refuse-then-take' | 'stay-silent');

export interface SippOptions {
  readonly scenario: SippScenario;
  /** A folder of this process alone: its statistics and logs go there. */
  readonly folder: string;
  readonly localPort: number;
  /** UDP when left out. TCP is one connection for all calls. */
  readonly transport?: 'udp' | 'tcp';
  /** The server; left out for a process that only answers. */
  readonly remotePort?: number;
  /** Lines of the injection file, one for each call. */
  readonly injected?: readonly string[];
  /** Calls, and how many of them begin in a second. */
  readonly calls?: number;
  readonly callsPerSecond?: number;
  /** What answers requests outside the calls of the scenario. */
  readonly outOfCall?: SippScenario;
  /** What a scenario with `[status]` answers, such as `486 Busy Here`. */
  readonly status?: string;
  /** How long a `<pause/>` takes that does not say it itself. */
  readonly pauseMilliseconds?: number;
  /** False for a process that sends what its scenario says and sees what comes, without SIPp's own reliability over UDP. */
  readonly reliable?: boolean;
}

/** Large enough for every datagram that may wait on loopback. */
const socketBufferOctets = 4_194_304;

/** For all calls of one process. */
const longestMilliseconds = 60_000;

/** One SIPp process. */
export class Sipp {
  readonly #folder: string;
  readonly #localPort: number;
  readonly #program: Program;

  constructor(options: SippOptions) {
    this.#folder = options.folder;
    this.#localPort = options.localPort;
    this.#program = new Program('sipp', parametersOf(options), { folder: options.folder });
  }

  /** Resolves when requests reach it. */
  async listening(): Promise<this> {
    const what = `SIPp listens on ${this.#localPort}`;
    const socket = `0100007F:${this.#localPort.toString(16).toUpperCase().padStart(4, '0')}`;
    await eventually(what, () => {
      this.assertRunning();
      return readFileSync('/proc/net/udp', 'latin1').includes(socket) ? true : undefined;
    });
    return this;
  }

  /** Ends when all calls have; rejects when one of them failed, or takes longer than any timer of SIP. */
  async finished(): Promise<void> {
    const deadline = setTimeout(() => void this.stop(), longestMilliseconds);
    const ending = await this.#program.ended;
    clearTimeout(deadline);
    if (ending.code !== 0) throw new Error(`SIPp ended with ${ending.code}: ${this.#errors()}`);
  }

  async stop(): Promise<Ending> {
    return this.#program.stop('SIGKILL');
  }

  /** Throws when it is not running any more. */
  assertRunning(): void {
    if (!this.#program.isRunning) throw new Error(`SIPp ended: ${this.#errors()}${this.#program.errors}`);
  }

  /** A column of the last line of the statistics, such as `SuccessfulCall(C)`. */
  statistic(column: string): number {
    const [names = '', ...lines] = this.#read('statistics.csv').trim().split('\n');
    return Number(lines.at(-1)?.split(';')[names.split(';').indexOf(column)] ?? 0);
  }

  /** The lines that `<log>` actions wrote. */
  get logged(): string[] {
    return this.#read('actions.log')
      .split('\n')
      .filter((line) => line !== '');
  }

  #errors(): string {
    return this.#read('errors.log').slice(0, 4000);
  }

  #read(name: string): string {
    const file = join(this.#folder, name);
    return existsSync(file) ? readFileSync(file, 'latin1') : '';
  }
}

function parametersOf({ scenario, folder, localPort, remotePort, injected, outOfCall, ...options }: SippOptions): string[] {
  const { calls = 0, callsPerSecond = 10, pauseMilliseconds = 0, reliable = true, transport = 'udp' } = options;
  if (injected !== undefined) writeFileSync(join(folder, 'injected.csv'), ['SEQUENTIAL', ...injected, ''].join('\n'));
  return [
    ...(remotePort === undefined ? [] : [`127.0.0.1:${remotePort}`]),
    ...[
      '-sf',
      scenarioFile(scenario, folder, options.status),
      '-i',
      '127.0.0.1',
      '-p',
      String(localPort),
      '-nostdin',
      '-buff_size',
      String(socketBufferOctets),
    ],
    ...(injected === undefined ? [] : ['-inf', 'injected.csv']),
    ...(calls === 0 ? [] : ['-m', String(calls), '-r', String(callsPerSecond), '-l', String(calls)]),
    ...(outOfCall === undefined ? [] : ['-oocsf', scenarioFile(outOfCall, folder)]),
    ...['-d', String(pauseMilliseconds), ...(reliable ? [] : ['-nr']), '-t', transport === 'udp' ? 'u1' : 't1'],
    ...['-trace_stat', '-stf', 'statistics.csv', '-fd', '1', '-trace_err', '-error_file', 'errors.log'],
    ...['-trace_logs', '-log_file', 'actions.log'],
  ];
}

/** SIPp wants to read the status that it will answer when it starts. */
function scenarioFile(scenario: SippScenario, folder: string, status?: string): string {
  const file = fileURLToPath(new URL(`sipp/${scenario}.xml`, import.meta.url));
  if (status === undefined) return file;
  const own = join(folder, `${scenario}.xml`);
  writeFileSync(own, readFileSync(file, 'utf8').replaceAll('[status]', status));
  return own;
}
