import { isIP } from 'node:net';

import type { ListenAddress } from './configuration.ts';

export const listenAddressForm = 'a listen address such as "udp://127.0.0.1:5060" or "tcp://0.0.0.0:5060?advertise=192.0.2.7:5060"';

/** RFC 3261 §19.1.2: the port of sip URIs that name none. */
const defaultSipPort = 5060;

export type ParsedListenAddress = { readonly kind: 'address'; readonly address: ListenAddress } | NotAnAddress;

interface NotAnAddress {
  readonly kind: 'not-an-address';
  /** What is wrong with it and what to write instead. */
  readonly text: string;
}

/** Reads `udp://HOST:PORT?advertise=HOST:PORT`; the port may be left out (5060), and 0 asks for any free one. */
export function parseListenAddress(text: string): ParsedListenAddress {
  const match = /^(udp|tcp):\/\/([^/?#]{1,255})(?:\?advertise=([^&#]{1,255}))?$/i.exec(text);
  if (match === null) return wrong(`is not ${listenAddressForm}`);
  const bound = parseHostPort(match[2] ?? '', 0);
  if (bound === undefined || isIP(bound.host) === 0) {
    return wrong('does not name an IP address and a port (write for example 127.0.0.1:5060 or [::1]:5060)');
  }
  const transport = match[1]?.toUpperCase() === 'TCP' ? 'TCP' : 'UDP';
  const advertise = match[3] === undefined ? undefined : parseHostPort(match[3], 1);
  if (match[3] !== undefined && (advertise === undefined || isWildcard(advertise.host))) {
    return wrong('has an advertise that is not HOST:PORT (write for example ?advertise=192.0.2.7:5060)');
  }
  if (advertise === undefined && isWildcard(bound.host)) {
    return wrong('listens on every address, so it must say which one peers shall use (append for example ?advertise=192.0.2.7:5060)');
  }
  return { kind: 'address', address: { transport, ...bound, ...(advertise === undefined ? {} : { advertise }) } };
}

/** As it is written in the file and printed at start: `udp://127.0.0.1:5060`. */
export function formatListenAddress(address: Pick<ListenAddress, 'transport' | 'host' | 'port'>): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.transport.toLowerCase()}://${host}:${address.port}`;
}

/** Where a server is reached, as a client names it: `udp://HOST:PORT`, host names allowed. */
export function parseServerAddress(text: string): Pick<ListenAddress, 'transport' | 'host' | 'port'> | undefined {
  const match = /^(udp|tcp):\/\/([^/?#]{1,255})$/i.exec(text);
  const reached = match === null ? undefined : parseHostPort(match[2] ?? '', 1);
  return reached === undefined ? undefined : { transport: match?.[1]?.toUpperCase() === 'TCP' ? 'TCP' : 'UDP', ...reached };
}

function parseHostPort(text: string, lowestPort: number): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined) return undefined;
  const port = match[3] === undefined ? defaultSipPort : Number(match[3]);
  if (port < lowestPort || port > 65_535) return undefined;
  return { host: host.toLowerCase(), port };
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function wrong(text: string): NotAnAddress {
  return { kind: 'not-an-address', text };
}
