import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const packageFolder = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', packageFolder), 'utf8');
const examples = [...readme.matchAll(/^```js\n(\/\/ example: (\S+)\n[^`]*)^```$/gm)];

test('each example of the README holds what it asserts', () => {
  assert.ok(examples.length >= 1);
  for (const [, code = '', name] of examples) {
    assert.match(code, /^assert\./m, name);
    const run = spawnSync(process.execPath, ['--conditions=opencpm-source', '--input-type=module', '--eval', code], {
      cwd: packageFolder,
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, `${name}: ${run.stderr}`);
  }
});
