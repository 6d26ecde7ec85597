import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Database, DatabaseEvents } from './database.ts';
import { DatabaseError } from './database-error.ts';
import type { PostgresOptions } from './postgres/engine.ts';
import { openSqlite } from './sqlite/engine.ts';

export interface OpenDatabaseOptions {
  /** Creates the directory of a SQLite file, with those above it, for this user only (mode 0700). */
  readonly createDirectory?: boolean;
  /** Told by the SQLite engine; PostgreSQL writes each batch in a transaction of its own. */
  readonly events?: DatabaseEvents;
  /** How many calls may wait for the engine; one more gets a temporary fault. The engine's own bound when left out. */
  readonly waitingCalls?: number;
  /** PostgreSQL too is had by this program alone, as a SQLite file always is; no server may be connected. */
  readonly exclusive?: boolean;
}

const SQLITE_SCHEME = 'sqlite:';
const POSTGRES_SCHEMES: readonly string[] = ['postgres:', 'postgresql:'];

/**
 * Opens the database of a URL: `sqlite:PATH` (relative to the working directory, or absolute) or
 * `postgres://user:password@host:port/database`. Rejects with a `DatabaseError`: `address` when the URL is neither,
 * else as `openSqlite` and `openPostgres` do. No message shows the URL, which may hold a password.
 */
export async function openDatabase(url: string, options: OpenDatabaseOptions = {}): Promise<Database> {
  if (url.startsWith(SQLITE_SCHEME)) return openFile(url.slice(SQLITE_SCHEME.length), options);
  if (POSTGRES_SCHEMES.some((scheme) => url.startsWith(`${scheme}//`)) && URL.canParse(url))
    return openPostgres({ url, ...limitsOf(options), exclusive: options.exclusive === true });
  throw new DatabaseError('address', 'a database is sqlite:PATH or postgres://user:password@host:port/database');
}

/** As `openPostgres` of the engine. Its driver is loaded by need: most servers keep their data in a file. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const engine = await import('./postgres/engine.ts');
  return engine.openPostgres(options);
}

async function openFile(file: string, options: OpenDatabaseOptions): Promise<Database> {
  // SQLite gives names that are empty or begin with a colon to databases that nothing outlives.
  if (file === '' || file.startsWith(':') || file.startsWith('//')) {
    throw new DatabaseError('address', 'sqlite: is followed by the path of a file');
  }
  const path = resolve(file);
  if (options.createDirectory === true) await createDirectory(dirname(path));
  return openSqlite({ file: path, ...limitsOf(options), ...(options.events === undefined ? {} : { events: options.events }) });
}

function limitsOf({ waitingCalls }: OpenDatabaseOptions): { readonly limits?: { readonly waitingCalls: number } } {
  return waitingCalls === undefined ? {} : { limits: { waitingCalls } };
}

async function createDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError('input-output', `${directory}: ${reason}`, { cause });
  }
}
