import { dirname, join, resolve } from 'node:path';

export const storageForm = '"sqlite:PATH" or "postgres://USER:PASSWORD@HOST/DATABASE"';

export type StorageLocation = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgres'; readonly url: string };

/** Reads the `storage` key; undefined when it is neither of the two forms. A relative path stays relative here. */
export function parseStorageLocation(text: string): StorageLocation | undefined {
  const path = /^sqlite:(.{1,4096})$/.exec(text)?.[1];
  if (path !== undefined) return path.startsWith(':') || path.startsWith('//') ? undefined : { engine: 'sqlite', path };
  if (!/^postgres(?:ql)?:\/\/./.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).hostname === '' ? undefined : { engine: 'postgres', url: text };
}

/** As `Configuration.storage` holds it: with an absolute path. */
export function resolveStorage(location: StorageLocation, directory: string): string {
  return location.engine === 'sqlite' ? `sqlite:${resolve(directory, location.path)}` : location.url;
}

/** The SQLite file of a resolved `storage`; undefined for PostgreSQL. */
export function databaseFile(storage: string): string | undefined {
  return storage.startsWith('sqlite:') ? storage.slice('sqlite:'.length) : undefined;
}

/**
 * Where the running server is reached by the command line: beside the SQLite file; with PostgreSQL, in the data folder
 * beside the configuration file.
 */
export function administrationSocket(storage: string, directory: string): string {
  const file = databaseFile(storage);
  return file === undefined ? resolve(directory, 'data', 'opencpm.sock') : join(dirname(file), 'opencpm.sock');
}
