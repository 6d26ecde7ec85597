import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';

const launcher = resolve(import.meta.dirname, '../../bin/opencpm.mjs');

/** Runs one command to its end; `nodeWords` are options of Node itself. */
export function run(folder: string, words: readonly string[], nodeWords: readonly string[] = []) {
  return spawnSync(process.execPath, [...nodeWords, launcher, ...words], { cwd: folder, encoding: 'utf8' });
}

export interface Started {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  /** The first line, which says that it is ready. */
  readonly first: ReturnType<typeof JSON.parse>;
  /** The next line; undefined at the end of the output. */
  next(): Promise<ReturnType<typeof JSON.parse>>;
}

/** Starts a command that prints JSON and waits for its first line. */
export async function started(
  context: TestContext,
  folder: string,
  words: readonly string[],
  nodeWords: readonly string[] = [],
): Promise<Started> {
  const child = spawn(process.execPath, [...nodeWords, launcher, '--json', ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    return line.done === true ? undefined : JSON.parse(line.value);
  };
  const first = await next();
  assert(first !== undefined, 'it ended without a line');
  return { child, first, next };
}
