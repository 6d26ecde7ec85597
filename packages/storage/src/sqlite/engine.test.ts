import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testDirectory } from '../testing/each-engine.ts';
import { commitOrThrow, outcomeOf, rowsOf, sql } from '../testing/statements.ts';
import { openSqlite } from './engine.ts';
import type { SqliteLimits } from './limits.ts';

const CREATE = sql('CREATE TABLE note (id TEXT PRIMARY KEY, body {{bytes}})');
const INSERT = 'INSERT INTO note (id, body) VALUES (?, ?)';

async function openNotes(t: TestContext, limits: Partial<SqliteLimits>) {
  const database = await openSqlite({ file: join(testDirectory(t), 'test.db'), limits });
  t.after(() => database.close());
  await commitOrThrow(database, CREATE);
  return database;
}

/** A process that commits note after note and says which are acknowledged, until it is killed or the disk fails. */
function startCommitting(file: string, command: readonly string[] = []) {
  const script = fileURLToPath(new URL('../testing/commit-until-killed.ts', import.meta.url));
  const [program = process.execPath, ...words] = [...command, process.execPath, ...process.execArgv, script, file];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout }) };
}

describe('one server on one file', () => {
  test('a second opener is refused by name while the first lives, in this process and in another', async (t) => {
    const file = join(testDirectory(t), 'test.db');
    const held = { name: 'DatabaseError', code: 'held', message: `${file}: another OpenCPM server holds it` };
    const limits = { lockWaitMilliseconds: 0 };
    const first = await openSqlite({ file, limits });
    await assert.rejects(openSqlite({ file, limits }), held);
    await first.close();
    const { child, lines } = startCommitting(file);
    await once(lines, 'line');
    await assert.rejects(openSqlite({ file, limits }), held);
    child.kill('SIGKILL');
    await once(child, 'close');
    await (await openSqlite({ file, limits })).close();
  });

  test('kill -9 in the middle of commits loses nothing that was acknowledged, and the next start is by itself', async (t) => {
    const file = join(testDirectory(t), 'test.db');
    const { child, lines } = startCommitting(file);
    const acknowledged: string[] = [];
    lines.on('line', (id) => {
      acknowledged.push(id);
      if (acknowledged.length === 300) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const database = await openSqlite({ file, limits: { lockWaitMilliseconds: 0 } });
    const stored = new Set((await rowsOf(database, 'SELECT id FROM note')).map((row) => row.id));
    await database.close();
    assert.ok(acknowledged.length >= 300, `${acknowledged.length} commits were acknowledged`);
    assert.deepEqual(
      acknowledged.filter((id) => !stored.has(id)),
      [],
    );
  });

  test('a file system that fails a write is a temporary fault; what was acknowledged before stands', async (t) => {
    const file = join(testDirectory(t), 'test.db');
    // The shell's unit is 512 octets: no file may grow beyond 512 kB.
    const { child, lines } = startCommitting(file, ['sh', '-c', 'ulimit -f 1000; exec "$@"', 'sh']);
    const said: string[] = [];
    lines.on('line', (line) => said.push(line));
    await once(child, 'close');
    assert.equal(said.at(-1), 'input-output, temporary, not applied');
    const acknowledged = said.filter((line) => /^\d+$/.test(line));
    assert.ok(acknowledged.length > 10, `${acknowledged.length} commits were acknowledged`);
    const database = await openSqlite({ file });
    const stored = (await rowsOf(database, 'SELECT id FROM note')).map((row) => row.id);
    await database.close();
    assert.deepEqual(stored.toSorted(), acknowledged.toSorted());
  });
});

describe('the file', () => {
  test('only this user may read it', async (t) => {
    const file = join(testDirectory(t), 'test.db');
    const database = await openSqlite({ file });
    await commitOrThrow(database, CREATE);
    assert.deepEqual(
      [file, `${file}-wal`].map((path) => statSync(path).mode & 0o777),
      [0o600, 0o600],
    );
    await database.close();
    assert.equal(existsSync(`${file}-wal`), false);
  });

  test('COMMIT is durable: write-ahead log, synchronous FULL', async (t) => {
    const database = await openNotes(t, {});
    assert.deepEqual(await rowsOf(database, 'PRAGMA journal_mode'), [{ journal_mode: 'wal' }]);
    assert.deepEqual(await rowsOf(database, 'PRAGMA synchronous'), [{ synchronous: 2 }]);
    assert.deepEqual(await rowsOf(database, 'PRAGMA foreign_keys'), [{ foreign_keys: 0 }]);
  });

  test('what cannot be opened is refused with the name of the file', async (t) => {
    const directory = testDirectory(t);
    const garbage = join(directory, 'garbage.db');
    writeFileSync(garbage, 'this is no database, but it is long enough to be taken for one'.repeat(100));
    mkdirSync(join(directory, 'folder.db'));
    await assert.rejects(openSqlite({ file: garbage }), { code: 'corrupt', message: `${garbage}: file is not a database` });
    await assert.rejects(openSqlite({ file: join(directory, 'folder.db') }), { code: 'input-output', message: /folder\.db: / });
    await assert.rejects(openSqlite({ file: join(directory, 'absent', 'test.db') }), { code: 'input-output', message: /test\.db: ENOENT/ });
  });
});

describe('limits', () => {
  test('past the number of waiting calls a call is answered at once', async (t) => {
    const database = await openNotes(t, { waitingCalls: 3 });
    const commits = ['a', 'b', 'c', 'd'].map((id) => database.commit([sql(INSERT, id, null)]));
    const first = await Promise.race(commits.map(async (commit, index) => ({ index, outcome: outcomeOf(await commit) })));
    assert.deepEqual(first, { index: 3, outcome: 'overload, temporary, not applied' });
    await Promise.all(commits);
    await commitOrThrow(database, sql(INSERT, 'd', null));
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note ORDER BY id'), [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
  });

  test('past the octets of waiting calls as well, but one alone may be large', async (t) => {
    const database = await openNotes(t, { waitingBytes: 1_000 });
    const large = new Uint8Array(5_000);
    const results = await Promise.all(['a', 'b'].map((id) => database.commit([sql(INSERT, id, large)])));
    assert.deepEqual(results.map(outcomeOf), ['committed', 'overload, temporary, not applied']);
  });

  test('a full file is a temporary fault; when there is room again it goes on by itself', async (t) => {
    const database = await openNotes(t, { fileBytes: 200_000 });
    await commitOrThrow(database, sql(INSERT, 'a', new Uint8Array(100_000)));
    assert.equal(outcomeOf(await database.commit([sql(INSERT, 'b', new Uint8Array(150_000))])), 'full, temporary, not applied');
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), [{ id: 'a' }]);
    await commitOrThrow(database, sql('DELETE FROM note'));
    await commitOrThrow(database, sql(INSERT, 'b', new Uint8Array(150_000)));
  });

  test('more statements than are kept prepared still run', async (t) => {
    const database = await openNotes(t, { preparedStatements: 4 });
    for (let round = 0; round < 30; round += 1) {
      assert.deepEqual(await rowsOf(database, `SELECT ${round % 10} AS n`), [{ n: round % 10 }]);
    }
  });

  test('tells how many batches each transaction took and how long it was on its way', async (t) => {
    const groups: { batches: number; milliseconds: number }[] = [];
    const groupWritten = (batches: number, milliseconds: number) => void groups.push({ batches, milliseconds });
    const database = await openSqlite({ file: join(testDirectory(t), 'test.db'), events: { groupWritten } });
    await commitOrThrow(database, CREATE);
    await Promise.all(Array.from({ length: 20 }, (_, id) => commitOrThrow(database, sql(INSERT, `${id}`, null))));
    await database.close();
    assert.equal(
      groups.reduce((sum, { batches }) => sum + batches, 0),
      21,
    );
    assert.deepEqual(groups[0]?.batches, 1);
    assert.ok(groups.length < 21, 'what came in one turn of the loop was written together');
    for (const { milliseconds } of groups) assert.ok(milliseconds > 0);
  });

  test('groups smaller than what waits lose nothing', async (t) => {
    const database = await openNotes(t, { groupStatements: 7 });
    const commits = Array.from({ length: 100 }, (_, index) =>
      database.commit([sql(INSERT, String(index), null), sql(INSERT, `${index}b`, null)]),
    );
    assert.deepEqual(new Set((await Promise.all(commits)).map(outcomeOf)), new Set(['committed']));
    assert.deepEqual(await rowsOf(database, 'SELECT COUNT(*) AS n FROM note'), [{ n: 200 }]);
  });
});
