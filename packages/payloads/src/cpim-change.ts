import type { CpimMessage } from './cpim.ts';
import { escapeControls } from './cpim-escape.ts';
import type { CpimHeader } from './cpim-header.ts';
import { coreNamespace, cpmNamespace, declaredScope, imdnNamespace } from './cpim-header.ts';
import { trimBlanks } from './octets.ts';

/** NAMECHAR of RFC 3862 §3.6. */
const headerName = /^[!#-'*+\-0-9A-Z^-z|~]+$/;

/**
 * Sets a header: the first of that name is rewritten in its place and the others of that name go; several values
 * make several headers there. Where there was none they come last, behind an NS line if the namespace has none.
 * The value is written as it stands, control characters escaped; pass text through `encodeCpimText`, addresses
 * through `formatCpimAddress`. No value at all removes the header.
 */
export function withHeader(message: CpimMessage, namespace: string, name: string, value: string | readonly string[]): CpimMessage {
  if (!headerName.test(name)) throw new TypeError('not the name of a CPIM header');
  const values = typeof value === 'string' ? [value] : value;
  const first = message.headers.findIndex((candidate) => isNamed(candidate, namespace, name));
  const rest = message.headers.filter((candidate) => !isNamed(candidate, namespace, name));
  if (first === -1) return { ...message, headers: appendHeaders(rest, namespace, name, values) };
  const prefix = message.headers[first]?.prefix ?? '';
  const changed = values.map((text) => composeHeader(prefix, name, namespace, text));
  return { ...message, headers: rest.toSpliced(first, 0, ...changed) };
}

/** Removes all headers of that name in that namespace. Its NS line stays. */
export function withoutHeader(message: CpimMessage, namespace: string, name: string): CpimMessage {
  const rest = message.headers.filter((candidate) => !isNamed(candidate, namespace, name));
  return rest.length === message.headers.length ? message : { ...message, headers: rest };
}

/** Adds headers behind the others, and before them the NS line of a namespace that has none in force there. */
export function appendHeaders(
  headers: readonly CpimHeader[],
  namespace: string,
  name: string,
  values: readonly string[],
): readonly CpimHeader[] {
  if (values.length === 0) return headers;
  const scope = new Map<string, string>([['', coreNamespace], ...declaredScope(headers)]);
  const declared = [...scope].find(([, uri]) => uri === namespace)?.[0];
  const prefix = declared ?? freePrefix(namespace, scope);
  const declaration = declared === undefined ? [composeHeader('', 'NS', coreNamespace, `${prefix} <${namespace}>`)] : [];
  return [...headers, ...declaration, ...values.map((value) => composeHeader(prefix, name, namespace, value))];
}

/** A header that formatCpim writes anew, with the value that a reader of it will see. */
export function composeHeader(prefix: string, name: string, namespace: string, value: string): CpimHeader {
  return { prefix, name, namespace, parameters: [], value: trimBlanks(escapeControls(value)) };
}

const customaryPrefixes: ReadonlyMap<string, string> = new Map([
  [coreNamespace, 'core'],
  [imdnNamespace, 'imdn'],
  [cpmNamespace, 'cpm'],
]);

function freePrefix(namespace: string, scope: ReadonlyMap<string, string>): string {
  const customary = customaryPrefixes.get(namespace) ?? 'ext';
  let prefix = customary;
  for (let number = 2; scope.has(prefix); number += 1) prefix = `${customary}${number}`;
  return prefix;
}

function isNamed(candidate: CpimHeader, namespace: string, name: string): boolean {
  return candidate.name === name && candidate.namespace === namespace;
}
