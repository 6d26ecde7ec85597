import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openDatabase } from './open-database.ts';
import { postgresUrl, testDirectory } from './testing/each-engine.ts';
import { rowsOf } from './testing/statements.ts';

describe('the database of a URL', () => {
  test('sqlite:PATH is a file; its directory is created for this user only when that is asked for', async (t) => {
    const directory = join(testDirectory(t), 'new', 'data');
    const url = `sqlite:${join(directory, 'test.db')}`;
    await assert.rejects(openDatabase(url), { code: 'input-output' });
    const database = await openDatabase(url, { createDirectory: true });
    assert.equal(database.engine, 'sqlite');
    await database.close();
    assert.equal(statSync(directory).mode & 0o777, 0o700);
  });

  test('postgres://… is a server', async (t) => {
    const database = await openDatabase(await postgresUrl(t));
    assert.equal(database.engine, 'postgres');
    assert.deepEqual(await rowsOf(database, 'SELECT 1 AS one'), [{ one: 1 }]);
    await database.close();
  });

  for (const url of [
    '',
    'test.db',
    'sqlite:',
    'sqlite::memory:',
    'sqlite://host/test.db',
    'mysql://u:secret@host/db',
    'postgres:secret',
    'postgres://u:secret@ho st/db',
  ]) {
    test(`"${url}" is refused without being repeated`, async () => {
      await assert.rejects(openDatabase(url), { code: 'address', message: /^a database is|^sqlite: is followed/ });
    });
  }
});
