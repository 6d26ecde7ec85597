import type { WireHeader } from './wire-message.ts';

/** A message/cpim body (RFC 3862 §2): message headers, empty line, MIME headers, empty line, content. */
export interface WireCpim {
  readonly headers: readonly WireHeader[];
  readonly mime: readonly WireHeader[];
  readonly content: string;
}

export function readCpim(body: string): WireCpim | undefined {
  const first = body.indexOf('\r\n\r\n');
  if (first < 0) return undefined;
  const second = body.indexOf('\r\n\r\n', first + 4);
  if (second < 0) return undefined;
  return {
    headers: readLines(body.slice(0, first)),
    mime: readLines(body.slice(first + 4, second)),
    content: body.slice(second + 4),
  };
}

export function writeCpim(cpim: WireCpim): string {
  return `${writeLines(cpim.headers)}\r\n${writeLines(cpim.mime)}\r\n${cpim.content}`;
}

/**
 * Names of CPIM headers are case-sensitive; a name with the prefix `imdn.` or `cpm.` is looked up in its namespace,
 * whatever prefix the NS line gave it (RFC 3862 §3.4).
 */
export function cpimHeader(cpim: WireCpim, name: string): string | undefined {
  const local = localName(cpim, name);
  const found = cpim.headers.filter((header) => header.name === local);
  return found.length === 0 ? undefined : found.map((header) => header.value).join(', ');
}

export function mimeHeader(cpim: WireCpim, name: string): string | undefined {
  return cpim.mime.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;
}

export function withCpimHeader(cpim: WireCpim, name: string, value: string | undefined): WireCpim {
  const local = localName(cpim, name);
  const others = cpim.headers.filter((header) => header.name !== local);
  return { ...cpim, headers: value === undefined ? others : [...others, { name: local, value }] };
}

export function withMimeHeader(cpim: WireCpim, name: string, value: string | undefined): WireCpim {
  const others = cpim.mime.filter((header) => header.name.toLowerCase() !== name.toLowerCase());
  return { ...cpim, mime: value === undefined ? others : [...others, { name, value }] };
}

const namespaces: ReadonlyMap<string, string> = new Map([
  ['imdn', 'urn:ietf:params:imdn'],
  ['cpm', 'http://www.openmobilealliance.org/cpm/'],
]);

function localName(cpim: WireCpim, name: string): string {
  const [prefix = '', rest] = name.split('.');
  const namespace = namespaces.get(prefix);
  if (rest === undefined || namespace === undefined) return name;
  const declared = cpim.headers.find((header) => header.name === 'NS' && header.value.includes(`<${namespace}>`));
  return `${declared?.value.split('<')[0]?.trim() ?? prefix}.${rest}`;
}

function readLines(block: string): readonly WireHeader[] {
  return block.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
  });
}

function writeLines(headers: readonly WireHeader[]): string {
  return headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
}
