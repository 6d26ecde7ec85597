import type { LocatedConfiguration } from './located-configuration.ts';

/** One line about a server or database that does not open, with what to do about it. */
export function faultText(error: unknown, located: LocatedConfiguration): string {
  const code = codeOf(error);
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const remedy = code === undefined ? undefined : remedies.get(code);
  const listenKey = located.file === undefined ? 'a configuration file with another listen' : `another listen in ${located.file}`;
  return remedy === undefined ? message : `${message} (${remedy.replace('LISTEN', listenKey)})`;
}

/** By the code of the operating system, for faults whose message does not say what to do. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program uses this address: stop it, or use LISTEN'],
  ['EADDRNOTAVAIL', 'this machine has no such address: use LISTEN'],
  ['EACCES', 'this user may not: change owner or mode, or use a port above 1023'],
  ['EROFS', 'the disk cannot be written: use a storage elsewhere'],
  ['ENOSPC', 'the disk is full'],
  ['ECONNREFUSED', 'no PostgreSQL answers there: start it, or correct storage'],
  ['ENOTFOUND', 'the name of the PostgreSQL server is not known: correct storage'],
]);

/** The code of the error or of what caused it. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && remedies.has(error.code)) return error.code;
  return codeOf(error.cause);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
