import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { folderOf } from './folder.fixture.ts';
import { run, started } from './launched.fixture.ts';

/** A Node that cannot replace its own process, as those before 22.15 cannot. */
const withoutExecve = ['--import', 'data:text/javascript,process.execve=undefined'];

function serverFolder(context: TestContext): string {
  const folder = folderOf(context);
  writeFileSync(
    join(folder, 'opencpm.yaml'),
    'domain: example.net\nlisten: ["udp://127.0.0.1:0"]\nhttp: { listen: off }\nlog: { level: error }\n',
  );
  return folder;
}

for (const [way, nodeWords] of [
  ['in the same process', []],
  ['in a process of its own', withoutExecve],
] as const) {
  test(`the program runs ${way} and its exit code comes through`, (context) => {
    const folder = folderOf(context);
    const version = run(folder, ['--version'], nodeWords);
    assert.deepEqual([version.status, version.stderr], [0, '']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(run(folder, ['config', 'check'], nodeWords).status, 2);
    assert.equal(run(folder, ['status'], nodeWords).status, 3);
  });

  test(`a server ${way} stops in good order on SIGTERM and on SIGINT`, async (context) => {
    const folder = serverFolder(context);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, first } = await started(context, folder, ['serve'], nodeWords);
      assert.deepEqual([first.event, first.domain], ['started', 'example.net']);
      assert.equal(JSON.parse(run(folder, ['status', '--json']).stdout).serverRuns, true);
      child.kill(signal);
      assert.deepEqual(await once(child, 'close'), [0, null]);
      assert.equal(JSON.parse(run(folder, ['status', '--json']).stdout).serverRuns, false);
    }
  });
}

test('what memory depends on is given to the program once, beside an operator’s own options', (context) => {
  const folder = folderOf(context);
  const shown = 'data:text/javascript,console.error(process.execArgv.slice(2).join(" "),process.env.MALLOC_ARENA_MAX)';
  const lastLine = (nodeWords: readonly string[]) =>
    run(folder, ['--version'], ['--import', shown, ...nodeWords])
      .stderr.trim()
      .split('\n')
      .at(-1);
  const chosen = '--max-semi-space-size=64';
  for (const words of [[], [chosen]]) {
    const options = [...words, '--conditions=opencpm-source', '--expose-gc'];
    assert.equal(lastLine(words), `${options.join(' ')} 2`);
  }
});

test('a server dies with a launcher that could not pass the signal on', async (context) => {
  const folder = serverFolder(context);
  const { child } = await started(context, folder, ['serve'], withoutExecve);
  child.kill('SIGKILL');
  // The output closes when the last process that holds it, the server, is gone.
  await once(child, 'close');
  assert.equal(JSON.parse(run(folder, ['status', '--json']).stdout).serverRuns, false);
});

test('the demo shows passwords at its first start only', async (context) => {
  const folder = folderOf(context);
  const first = await started(context, folder, ['start']);
  assert.equal(first.first.domain, 'opencpm.local');
  assert.deepEqual(
    first.first.users.map((user: { user: string }) => user.user),
    ['alice', 'bob', 'carol'],
  );
  for (const { password } of first.first.users) assert.match(password, /^[a-zA-Z2-9]{12}$/);
  const second = run(folder, ['start']);
  assert.equal(second.status, 3);
  assert.match(second.stderr, /^A server for opencpm\.local runs already \(udp:\/\/127\.0\.0\.1:\d+, /);
  first.child.kill('SIGKILL');
  await once(first.child, 'close');
  const again = await started(context, folder, ['start']);
  assert.deepEqual(again.first.users, []);
  const users = run(folder, ['user', 'list', '--json']).stdout.trim().split('\n');
  assert.deepEqual(
    users.map((line) => JSON.parse(line).source),
    ['demo', 'demo', 'demo'],
  );
  again.child.kill('SIGTERM');
  assert.deepEqual(await once(again.child, 'close'), [0, null]);
});

test('an address that is taken ends the start with one line and what to do', async (context) => {
  const { first } = await started(context, serverFolder(context), ['serve']);
  const folder = folderOf(context);
  writeFileSync(
    join(folder, 'opencpm.yaml'),
    `domain: example.net\nlisten: ["${first.listen[0]}"]\nhttp: { listen: off }\nlog: { level: error }\n`,
  );
  const { status, stderr } = run(folder, ['serve']);
  assert.equal(status, 3);
  assert.match(stderr, /^[^\n]*EADDRINUSE[^\n]*\(stop the program that uses this address, or use another listen in opencpm\.yaml\)\n$/);
});

test('a database that another server holds ends the start with one line and what to do', async (context) => {
  const folder = serverFolder(context);
  await started(context, folder, ['serve']);
  rmSync(join(folder, 'data', 'opencpm.sock'));
  const { status, stderr } = run(folder, ['serve']);
  assert.equal(status, 3);
  assert.match(stderr, /^[^\n]*opencpm\.db: another OpenCPM server holds it \(stop that server, or use another storage\)\n$/);
});
