/** The command line inside the process of a test, where launched.fixture.ts has it as a program. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { serveAdministration } from '../admin/serve-administration.ts';
import type { Administration } from '../administration.ts';
import { folderOf } from './folder.fixture.ts';
import { runCommandLine } from './program.ts';

/** A folder in which a server seems to run: that administration answers on its socket. */
export async function folderServedBy(context: TestContext, administration: Administration): Promise<string> {
  const folder = folderOf(context);
  const serving = await serveAdministration(administration, join(folder, 'data', 'opencpm.sock'), () => undefined);
  assert(serving.kind === 'serving');
  context.after(() => serving.close());
  return folder;
}

/** Runs one command to its end; gives its exit code and what it wrote. */
export async function run(directory: string, ...words: readonly string[]) {
  const written = { out: '', error: '' };
  const code = await runCommandLine(words, {
    directory,
    environment: {},
    interrupted: new AbortController().signal,
    writeOut: (text) => {
      written.out += text;
    },
    writeError: (text) => {
      written.error += text;
    },
  });
  return { code, ...written };
}
