import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

/** How a program ended: its exit code, or 128 and the number of the signal that ended it, as shells report it. */
export interface Ending {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

export interface ProgramSurroundings {
  readonly folder?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunSurroundings extends ProgramSurroundings {
  /** After this time the program is killed, and the run counts as failed. */
  readonly withinMilliseconds?: number;
}

/** How long a program may take to follow a signal before it is killed. */
const patienceMilliseconds = 8000;

const running = new Set<ChildProcess>();

/** Nothing that this process started outlives it. */
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

/** A program that runs beside this one; what it writes is kept. It is only ever ended by its process id. */
export class Program {
  readonly name: string;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';

  constructor(name: string, parameters: readonly string[], { folder, environment = {} }: ProgramSurroundings = {}) {
    this.name = name;
    this.#child = spawn(name, parameters, { cwd: folder, env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#child);
    this.#child.stdout?.on('data', (text) => {
      this.#output += String(text);
    });
    this.#child.stderr?.on('data', (text) => {
      this.#errors += String(text);
    });
    // A program that has ended no longer reads; what matters then is how it ended.
    this.#child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#ending(127, error.message)));
      this.#child.once('close', (code, signal) => resolve(this.#ending(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  get isRunning(): boolean {
    return running.has(this.#child);
  }

  writeLine(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    if (this.isRunning) this.#child.kill(signal);
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), patienceMilliseconds);
    const ending = await this.ended;
    clearTimeout(insist);
    return ending;
  }

  #ending(code: number, problem = ''): Ending {
    running.delete(this.#child);
    return { code, output: this.#output, errors: problem === '' ? this.#errors : `${this.#errors}${problem}` };
  }
}

/** Runs a program to its end. */
export async function runProgram(name: string, parameters: readonly string[], surroundings: RunSurroundings = {}): Promise<Ending> {
  const program = new Program(name, parameters, surroundings);
  const { withinMilliseconds = 60_000 } = surroundings;
  const deadline = setTimeout(() => void program.stop('SIGKILL'), withinMilliseconds);
  const ending = await program.ended;
  clearTimeout(deadline);
  return ending;
}
