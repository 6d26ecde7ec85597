import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { type Ending, Program, type RunSurroundings, runProgram } from './program.ts';

/** A user as the configuration file names him. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** What the configuration file says beside the addresses and the database. */
export interface ServerSettings {
  /** `cpm.test` when left out. */
  readonly domain?: string;
  /** A SQLite file in the server's folder when left out. */
  readonly storage?: string;
  /** The server is one of several on its database. */
  readonly cluster?: { readonly node: string; readonly listen: string; readonly lease?: string };
  readonly users: readonly Account[];
  readonly trustedPeers?: readonly string[];
  readonly digest?: readonly string[];
  readonly policy?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string | number>>;
}

export const domain = 'cpm.test';

const launcher = fileURLToPath(new URL('../../packages/server/bin/opencpm.mjs', import.meta.url));
const startMilliseconds = 30_000;

/** Our server as its operator runs it: `opencpm serve` with a configuration file in a folder of its own. */
export class ServerProcess {
  readonly port: number;
  readonly host = '127.0.0.1';
  readonly #folder: string;
  #program: Program | undefined;

  /** JSON is YAML too, so the file is written as that. */
  constructor(folder: string, port: number, settings: ServerSettings) {
    this.#folder = folder;
    this.port = port;
    const listen = [`udp://${this.host}:${port}`, `tcp://${this.host}:${port}`];
    const configuration = { domain, listen, storage: 'sqlite:./data/opencpm.db', http: { listen: '127.0.0.1:0' }, ...settings };
    writeFileSync(join(folder, 'opencpm.yaml'), `${JSON.stringify(configuration, undefined, 2)}\n`, { mode: 0o600 });
  }

  /** Resolves when clients can come. `through` is a command that runs the one given to it, such as `nice`. */
  async start(through: readonly string[] = []): Promise<this> {
    const [name = '', ...parameters] = [...through, process.execPath, ...nodeFlags, launcher, 'serve', '--json'];
    const program = new Program(name, parameters, { folder: this.#folder });
    this.#program = program;
    const said = (): string => `${program.output}${program.errors}`;
    await eventually(
      'the server says that it has started',
      () => {
        if (!program.isRunning) throw new Error(`the server ended at its start:\n${said()}`);
        return program.output.includes('"event":"started"') ? true : undefined;
      },
      { withinMilliseconds: startMilliseconds, seen: said },
    );
    return this;
  }

  /** Of the server, or of the command it was started through. */
  get pid(): number {
    return this.#running().pid;
  }

  get isRunning(): boolean {
    return this.#program?.isRunning ?? false;
  }

  /** What it has written to its log since its last start. */
  get log(): string {
    return this.#program?.errors ?? '';
  }

  stop(): Promise<Ending> {
    return this.#running().stop('SIGTERM');
  }

  /** As a power cut would: nothing is said to the program. */
  crash(): Promise<Ending> {
    return this.#running().stop('SIGKILL');
  }

  /** Runs `opencpm WORDS --json` beside the server to its end. */
  command(words: readonly string[], surroundings: RunSurroundings = {}): Promise<Ending> {
    return runProgram(process.execPath, [...nodeFlags, launcher, ...words, '--json'], { folder: this.#folder, ...surroundings });
  }

  /** Starts `opencpm listen --json` beside the server; resolves when it is registered. */
  async listenAs(user: string, ...words: readonly string[]): Promise<Program> {
    const listener = new Program(process.execPath, [...nodeFlags, launcher, 'listen', '--as', user, ...words, '--json'], {
      folder: this.#folder,
    });
    const seen = (): string => `${listener.output}${listener.errors}`;
    await eventually(
      `opencpm listen --as ${user} is registered`,
      () => {
        if (eventsOf(listener.output, 'registered').length > 0) return true;
        if (!listener.isRunning) throw new Error(`opencpm listen --as ${user} ended:\n${seen()}`);
        return undefined;
      },
      { seen },
    );
    return listener;
  }

  #running(): Program {
    if (this.#program === undefined) throw new Error('the server was not started');
    return this.#program;
  }
}

const nodeFlags = ['--conditions=opencpm-source', '--disable-warning=ExperimentalWarning'];

/** The objects of that event among the lines that the command line printed. */
export function eventsOf(output: string, event: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter((record) => record.event === event);
}
