import { spawn } from 'node:child_process';

/** One step of a check of the packages; `fault` says what went wrong, with the output of the program that failed. */
export interface StepResult {
  readonly name: string;
  readonly fault: string | undefined;
}

export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly folder: string;
  /** Milliseconds after which the program is ended and the step has failed. */
  readonly timeout: number;
}

/** Runs a program as a step: well is exit code 0 in time. */
export function runStep(name: string, command: Command): Promise<StepResult> {
  return new Promise((resolve) => {
    const { program, parameters, folder, timeout } = command;
    const child = spawn(program, parameters, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ name, fault: error.message }));
    child.on('close', (code, signal) => {
      const ending = signal === null ? `exit code ${code}` : `ended by ${signal} (limit ${timeout / 1000} s)`;
      resolve({ name, fault: code === 0 ? undefined : `${ending}\n${Buffer.concat(chunks).toString('utf8')}` });
    });
  });
}
