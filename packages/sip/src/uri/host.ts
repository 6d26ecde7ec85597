import { allIn, decimal, hexadecimal, hostName } from '../message/character-classes.ts';

/** A host and, when it was given, a port. An IPv6 address comes without brackets. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number | undefined;
}

const highestPort = 65_535;

/** Reads `host`, `host:5060` or `[2001:db8::1]:5060`; undefined for what is none of them. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  if (text.startsWith('[')) return parseBracketed(text);
  const colon = text.indexOf(':');
  const end = colon < 0 ? text.length : colon;
  if (end === 0 || !allIn(text, hostName, 0, end)) return undefined;
  if (colon < 0) return { host: text, port: undefined };
  return withPort(text.slice(0, end), text.slice(end));
}

/** A host as it is written before a port: an IPv6 address in brackets. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export function formatHostAndPort(host: string, port: number | undefined): string {
  return port === undefined ? formatHost(host) : `${formatHost(host)}:${port}`;
}

/** The form in which hosts are compared: names in lower case, IPv6 addresses (RFC 5954) with all eight groups. */
export function canonicalHost(host: string): string {
  const groups = host.includes(':') ? ipv6Groups(host) : undefined;
  return groups === undefined ? host.toLowerCase() : groups.map((group) => group.toString(16)).join(':');
}

/** True for an IPv6 address without brackets. */
export function isIpv6(text: string): boolean {
  return ipv6Groups(text) !== undefined;
}

export function isIpv4(text: string): boolean {
  return ipv4Groups(text) !== undefined;
}

function parseBracketed(text: string): HostAndPort | undefined {
  const end = text.indexOf(']');
  const host = text.slice(1, end);
  if (end < 0 || !isIpv6(host)) return undefined;
  return withPort(host, text.slice(end + 1));
}

/** `rest` is empty or a colon and the port. */
function withPort(host: string, rest: string): HostAndPort | undefined {
  if (rest === '') return { host, port: undefined };
  const port = rest.startsWith(':') && rest.length <= 6 ? decimal(rest.slice(1), highestPort) : undefined;
  return port === undefined || port === 0 ? undefined : { host, port };
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2). */
function ipv6Groups(text: string): readonly number[] | undefined {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = groupsOf(text, true);
    return groups?.length === 8 ? groups : undefined;
  }
  const before = text.slice(0, gap);
  const head = before === '' ? [] : groupsOf(before, false);
  const tail = tailGroups(text.slice(gap + 2));
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function tailGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  // RFC 5118 §4.10: the grammar of RFC 3261 lets a third colon in before an IPv4 tail; receivers put up with it.
  const tail = text.startsWith(':') && isIpv4(text.slice(1)) ? text.slice(1) : text;
  return groupsOf(tail, true);
}

function groupsOf(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes('.')) {
      const ipv4 = ipv4Groups(part);
      return ipv4 === undefined ? undefined : [...groups, ...ipv4];
    }
    if (part.length === 0 || part.length > 4 || !allIn(part, hexadecimal)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

/** An IPv4 address as two groups of 16 bits. */
function ipv4Groups(text: string): readonly number[] | undefined {
  const octets = text.split('.').map((part) => (part.length <= 3 ? decimal(part, 255) : undefined));
  const [first, second, third, fourth] = octets;
  if (octets.length !== 4 || first === undefined || second === undefined || third === undefined || fourth === undefined) return undefined;
  return [first * 256 + second, third * 256 + fourth];
}
