import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext } from 'node:test';
import type { Database } from '../database.ts';
import { openPostgres } from '../postgres/engine.ts';
import { openSqlite } from '../sqlite/engine.ts';
import { openSqliteInThread } from '../sqlite/in-thread.ts';
import { type PostgresFixture, startPostgres } from './postgres-fixture.ts';

/**
 * Opens the database of this test, empty at the first time; again after `close`, or on a server twice at once, it is
 * the same one. It is closed and removed after the test.
 */
export type OpenForTest = (test: TestContext) => Promise<Database>;

/** Runs the same suite over every engine: SQLite in its thread, SQLite in the calling thread, PostgreSQL. */
export function eachEngine(name: string, suite: (open: OpenForTest) => void): void {
  describe(`${name}, SQLite in a thread of its own`, () => suite(sqliteOpener((file) => openSqlite({ file }))));
  describe(`${name}, SQLite in the calling thread`, () => suite(sqliteOpener(async (file) => openSqliteInThread({ file }))));
  onPostgres(name, suite);
}

/** Runs a suite over PostgreSQL only. The server is started once, by the first test that needs it. */
export function onPostgres(name: string, suite: (open: OpenForTest) => void): void {
  describe(`${name}, PostgreSQL`, () => suite(openOnPostgres));
}

let server: Promise<PostgresFixture> | undefined;
after(async () => (await server)?.stop());

/** The URL of a database that this test has for itself, empty at the first time. */
export async function postgresUrl(test: TestContext): Promise<string> {
  server ??= startPostgres();
  const running = await server;
  let name = names.get(test);
  if (name === undefined) {
    created += 1;
    name = `test_${created}`;
    names.set(test, name);
    await running.createDatabase(name);
  }
  return running.url(name);
}

const names = new WeakMap<TestContext, string>();
let created = 0;

/** A directory for the files of this test, removed after it. */
export function testDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'opencpm-storage-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function sqliteOpener(openFile: (file: string) => Promise<Database>): OpenForTest {
  const files = new WeakMap<TestContext, string>();
  return async (test) => {
    const file = files.get(test) ?? join(testDirectory(test), 'test.db');
    files.set(test, file);
    return closedAfter(test, await openFile(file));
  };
}

async function openOnPostgres(test: TestContext): Promise<Database> {
  return closedAfter(test, await openPostgres({ url: await postgresUrl(test) }));
}

function closedAfter(test: TestContext, database: Database): Database {
  test.after(() => database.close());
  return database;
}
