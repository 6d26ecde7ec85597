import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { checkPromises } from './promises.ts';

/** Lines of the file at which nobody awaits a promise. */
function linesOf(text: string): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-promises-'));
  try {
    writeFileSync(join(folder, 'a.ts'), text);
    writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"lib":["es2024"],"types":[],"strict":true},"files":["a.ts"]}');
    return checkPromises(folder, 'tsconfig.json').map((finding) => finding.line);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('a promise that nobody awaits is found, also behind a union and a chain', () => {
  const text = [
    'export {};',
    'declare function send(): Promise<void>;',
    'declare function perhaps(): Promise<void> | undefined;',
    'send();',
    'perhaps();',
    'send().then(() => undefined);',
    'send().finally(() => undefined);',
  ].join('\n');
  assert.deepEqual(linesOf(text), [4, 5, 6, 7]);
});

it('a promise that is awaited, handled, given away or chosen to run alone passes', () => {
  const text = [
    'export {};',
    'declare function send(): Promise<void>;',
    'declare function log(): void;',
    'declare function test(name: string): Promise<void>;',
    'await send();',
    'void send();',
    'send().catch(log);',
    'send().then(log, log);',
    'export const sent = send();',
    "test('a');",
    'log();',
  ].join('\n');
  assert.deepEqual(linesOf(text), []);
});
