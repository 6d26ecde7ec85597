import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseError } from '../database-error.ts';
import type { SqliteLimits } from './limits.ts';
import { sqliteError } from './sqlite-error.ts';

/** The name of SQLite's database in memory, which the simulation uses where nothing has to outlive a crash. */
export const IN_MEMORY = ':memory:';

/**
 * Opens the file as the only one on this machine, with settings that make COMMIT durable, and reads them back: a
 * database that is not durable would make every 2xx of the server a lie. Throws a `DatabaseError`.
 */
export function openFile(file: string, limits: SqliteLimits): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    createPrivately(file);
    connection = new DatabaseSync(file, {
      enableForeignKeyConstraints: false,
      enableDoubleQuotedStringLiterals: false,
      timeout: limits.lockWaitMilliseconds,
    });
    configure(connection, file, limits);
    return connection;
  } catch (thrown) {
    connection?.close();
    throw refusal(thrown, file);
  }
}

/**
 * Messages are nobody else's business, and SQLite would create the file readable by all. A file that exists is not
 * touched: closing a descriptor of it would drop the POSIX locks that this process may hold on it.
 */
function createPrivately(file: string): void {
  if (file === IN_MEMORY) return;
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
  }
}

/** SQLite's names for PRAGMA synchronous: 2 is FULL, the log is flushed before COMMIT returns. */
const SYNCHRONOUS_FULL = 2;

function configure(connection: DatabaseSync, file: string, limits: SqliteLimits): void {
  const onDisk = file !== IN_MEMORY;
  // Before the log is opened: then its index is kept in memory and the lock on the file is held until close or death.
  assertSetting(connection, 'locking_mode', 'EXCLUSIVE', 'exclusive');
  assertSetting(connection, 'journal_mode', onDisk ? 'WAL' : 'MEMORY', onDisk ? 'wal' : 'memory');
  assertSetting(connection, 'synchronous', 'FULL', SYNCHRONOUS_FULL);
  assertSetting(connection, 'foreign_keys', 'OFF', 0);
  connection.exec(`PRAGMA cache_size = -${Math.floor(limits.cacheBytes / 1024)}`);
  connection.exec(`PRAGMA cache_spill = ${Math.floor(limits.changedBytes / pageBytes(connection))}`);
  connection.exec('PRAGMA temp_store = MEMORY');
  connection.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(limits.logBytes / pageBytes(connection))}`);
  connection.exec(`PRAGMA max_page_count = ${Math.floor(limits.fileBytes / pageBytes(connection))}`);
  // Takes the lock, reads what a killed process left in the log, and shows that the file can be written.
  connection.exec('BEGIN IMMEDIATE; COMMIT');
}

function assertSetting(connection: DatabaseSync, pragma: string, value: string, expected: string | number): void {
  connection.exec(`PRAGMA ${pragma} = ${value}`);
  const actual = connection.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
  if (actual !== expected) throw new DatabaseError('settings', `PRAGMA ${pragma} is ${String(actual)} and not ${expected}`);
}

function pageBytes(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA page_size').get()?.page_size);
}

function refusal(thrown: unknown, file: string): DatabaseError {
  if (thrown instanceof DatabaseError) return new DatabaseError(thrown.code, `${file}: ${thrown.message}`, { cause: thrown });
  const error = sqliteError(thrown);
  if (error.code === 'busy') return new DatabaseError('held', `${file}: another OpenCPM server holds it`, { cause: thrown });
  // What is not SQLite's own comes from the file system: no such directory, no permission.
  const code = error.code === 'statement' ? 'input-output' : error.code;
  return new DatabaseError(code, `${file}: ${error.message}`, { cause: thrown });
}
