import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { openDatabase } from '@opencpm/storage';
import { folderOf } from './folder.fixture.ts';
import { run } from './in-process.fixture.ts';

/** A folder with an installation of one user in data/opencpm.db. */
async function folderWithInstallation(context: TestContext): Promise<string> {
  const folder = folderOf(context);
  assert.equal((await run(folder, 'user', 'add', 'dave', '--password', 'd')).code, 0);
  return folder;
}

const fromDemo = ['storage', 'copy', '--from', 'sqlite:./data/opencpm.db'] as const;

test('storage copy copies an installation, tells people how far it is, and programs how many rows', async (context) => {
  const folder = await folderWithInstallation(context);
  const { code, out, error } = await run(folder, ...fromDemo, '--to', 'sqlite:./new/copy.db');
  assert.equal(code, 0);
  assert.match(out, /^Copied \d+ rows of \d+ tables, and counted them\. Give the new storage to the server now, and start it\.\n$/);
  assert.match(error, /^users: 1 rows$/m);
  const again = await run(folder, '--json', ...fromDemo, '--to', 'sqlite:./new/second.db');
  assert.deepEqual([again.code, again.error], [0, '']);
  const { rows, tables } = JSON.parse(again.out);
  assert.deepEqual([tables.users, tables.server_keys, tables.deferred_messages], [1, 1, 0]);
  assert.equal(
    rows,
    Object.values<number>(tables).reduce((sum, count) => sum + count, 0),
  );
});

test('what is no storage, the same one twice and a file that is not there are told before anything is opened', async (context) => {
  const folder = await folderWithInstallation(context);
  const storageForm = '"sqlite:PATH" or "postgres://USER:PASSWORD@HOST/DATABASE"';
  for (const [from, to, code, text] of [
    ['data/opencpm.db', 'sqlite:b.db', 2, `--from must be ${storageForm}.`],
    ['sqlite:data/opencpm.db', 'mysql://u:secret@h/d', 2, `--to must be ${storageForm}.`],
    ['sqlite:data/opencpm.db', 'sqlite:./data/../data/opencpm.db', 2, '--from and --to are the same database.'],
    ['sqlite:absent.db', 'sqlite:b.db', 1, `There is no database ${join(folder, 'absent.db')} to copy from.`],
  ] as const) {
    assert.deepEqual(await run(folder, 'storage', 'copy', '--from', from, '--to', to), { code, out: '', error: `${text}\n` });
  }
});

test('a target that has something is named with its tables, whatever is asked; an empty source too', async (context) => {
  const folder = await folderWithInstallation(context);
  assert.equal((await run(folder, ...fromDemo, '--to', 'sqlite:copy.db')).code, 0);
  const full = /^The target is not empty: users \(1\), identities \(1\), server_keys \(1\)\. Name an empty database\.\n$/;
  for (const more of [[], ['--overwrite']]) {
    const { code, error } = await run(folder, ...fromDemo, '--to', 'sqlite:copy.db', ...more);
    assert.deepEqual([code, full.test(error)], [1, true], error);
  }
  await (await openDatabase(`sqlite:${join(folder, 'nothing.db')}`)).close();
  const nothing = await run(folder, 'storage', 'copy', '--from', 'sqlite:nothing.db', '--to', 'sqlite:b.db');
  assert.deepEqual([nothing.code, nothing.error], [1, 'The source has no installation.\n']);
});

test('no server starts on what an interrupted copy left; a copy with --overwrite makes it whole', async (context) => {
  const folder = await folderWithInstallation(context);
  assert.equal((await run(folder, ...fromDemo, '--to', 'sqlite:copy.db')).code, 0);
  const database = await openDatabase(`sqlite:${join(folder, 'copy.db')}`);
  const mark = "INSERT INTO schema_migrations (id, name) VALUES (0, 'copy not finished')";
  const commits = [
    await database.commit([{ sql: mark, parameters: [] }]),
    await database.commit([{ sql: 'DELETE FROM outbox', parameters: [] }]),
  ];
  assert.deepEqual(
    commits.map(({ kind }) => kind),
    ['committed', 'committed'],
  );
  await database.close();
  const refused = await run(folder, ...fromDemo, '--to', 'sqlite:copy.db');
  const text = 'The target has what an interrupted copy left: repeat this with --overwrite, which empties it first.\n';
  assert.deepEqual([refused.code, refused.error], [1, text]);
  const asSource = await run(folder, 'storage', 'copy', '--from', 'sqlite:copy.db', '--to', 'sqlite:b.db');
  assert.deepEqual([asSource.code, asSource.error], [1, 'The source is itself what an interrupted copy left: not all is there.\n']);
  assert.equal((await run(folder, ...fromDemo, '--to', 'sqlite:copy.db', '--overwrite')).code, 0);
});

for (const [id, name, text] of [
  [
    0,
    'copy not finished',
    /^An installation was being copied into this database, and not all is there: repeat `opencpm storage copy` with --overwrite\.\n$/,
  ],
  [99, 'of tomorrow', /^The database has schema 99, this program knows \d+: use the newer program\.\n$/],
] as const) {
  test(`a database marked “${name}” is opened by no program of an installation, in one line that says what to do`, async (context) => {
    const folder = await folderWithInstallation(context);
    const database = await openDatabase(`sqlite:${join(folder, 'data', 'opencpm.db')}`);
    const mark = { sql: 'INSERT INTO schema_migrations (id, name) VALUES (?, ?)', parameters: [id, name] };
    assert.equal((await database.commit([mark])).kind, 'committed');
    await database.close();
    for (const words of [['user', 'list'], ['start']]) {
      const { code, error } = await run(folder, ...words);
      assert.deepEqual([code, text.test(error)], [3, true], error);
    }
  });
}
