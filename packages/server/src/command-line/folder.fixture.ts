import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder for one test, removed after it. */
export function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-command-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
