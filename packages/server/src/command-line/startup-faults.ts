import type { LocatedConfiguration } from './located-configuration.ts';

/** One line about a server or database that does not open, with what to do about it. */
export function faultText(error: unknown, located: LocatedConfiguration): string {
  const listenKey = located.file === undefined ? 'a configuration file with another listen' : `another listen in ${located.file}`;
  return remediedText(error).replace('LISTEN', listenKey);
}

/** The message of a fault and what to do about it. */
export function remediedText(error: unknown): string {
  const code = codeOf(error);
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const remedy = code === undefined ? undefined : remedies.get(code);
  return remedy === undefined ? message : `${message} (${remedy})`;
}

/** By the code of the database or of the operating system, for faults whose message does not say what to do. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['held', 'stop that server, or use another storage'],
  ['corrupt', 'restore the file from a copy, or use another storage'],
  ['full', 'make room'],
  ['connection', 'is PostgreSQL running, and are name and password in storage right?'],
  ['input-output', 'look at the owner and mode of the file and its folder'],
  ['EADDRINUSE', 'stop the program that uses this address, or use LISTEN'],
  ['EADDRNOTAVAIL', 'this machine has no such address: use LISTEN'],
  ['EACCES', 'this user may not: use a port above 1023, or look at owner and mode'],
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
