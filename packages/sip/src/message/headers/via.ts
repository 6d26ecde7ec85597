import { formatHostAndPort, type HostAndPort, parseHostAndPort } from '../../uri/host.ts';
import { decimal } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { unquote } from '../quoting.ts';
import { Reader } from '../reader.ts';

/** One Via value. */
export interface Via {
  /** `SIP/2.0`. */
  readonly protocol: string;
  /** As written, such as `UDP`. */
  readonly transport: string;
  /** sent-by; an IPv6 address without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly branch?: string | undefined;
  /** An IPv6 address without brackets. */
  readonly received?: string | undefined;
  /** RFC 3581: `true` where the client asks for it, the source port where the server has filled it in. */
  readonly rport?: number | true | undefined;
  /** The parameters other than those above. */
  readonly parameters: Parameters;
}

/** Via (RFC 3261 §20.42). */
export const viaHeader: HeaderField<Via> = defineHeader({ name: 'Via', compact: 'v', list: true, decode, encode });

function decode(text: string): Via | Malformed {
  const reader = new Reader(text);
  const protocol = readProtocol(reader);
  const transport = reader.token();
  if (protocol === undefined || transport === undefined || !reader.skip()) return new Malformed('a malformed sent-protocol');
  const sentBy = readSentBy(reader);
  if (sentBy === undefined) return new Malformed('a malformed sent-by');
  const parameters = reader.parameters();
  return parameters instanceof Malformed ? parameters : viaOf(protocol, transport, sentBy, parameters);
}

/** Name, version and the slash behind them; leaves the reader before the transport. */
function readProtocol(reader: Reader): string | undefined {
  if (reader.text.startsWith('SIP/2.0/')) {
    reader.position = 8;
    reader.skip();
    return 'SIP/2.0';
  }
  reader.skip();
  const name = reader.token();
  if (name === undefined || !reader.separator('/')) return undefined;
  const version = reader.token();
  return version !== undefined && reader.separator('/') ? `${name}/${version}` : undefined;
}

function readSentBy(reader: Reader): HostAndPort | undefined {
  const semicolon = reader.text.indexOf(';', reader.position);
  const end = semicolon < 0 ? reader.text.length : semicolon;
  const text = reader.text.slice(reader.position, end).trim();
  reader.position = end;
  return parseHostAndPort(text) ?? parseHostAndPort(withoutBlanksAtColon(text));
}

/** COLON allows blanks around it: `host : 5060`. */
function withoutBlanksAtColon(text: string): string {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? text : `${text.slice(0, colon).trim()}:${text.slice(colon + 1).trim()}`;
}

/** Goes over the parameters once: every message of the hot path has its Via read. */
function viaOf(protocol: string, transport: string, sentBy: HostAndPort, parameters: Parameters): Via | Malformed {
  let branch: string | true | undefined;
  let received: string | true | undefined;
  let rport: number | true | undefined | Malformed;
  let known = 0;
  for (const { name, text } of parameters.entries) {
    const value = text === true ? true : unquote(text);
    const key = name.toLowerCase();
    if (key === 'branch') branch ??= value;
    else if (key === 'received') received ??= value;
    else if (key === 'rport') rport ??= portOf(value);
    else continue;
    known += 1;
  }
  if (branch === true || received === true || rport instanceof Malformed) return new Malformed('a malformed Via parameter');
  return {
    protocol,
    transport,
    host: sentBy.host,
    port: sentBy.port,
    branch,
    received: received === undefined ? undefined : withoutBrackets(received),
    rport,
    parameters: known === parameters.entries.length ? Parameters.empty : parameters.without('branch', 'received', 'rport'),
  };
}

function portOf(text: string | true): number | true | Malformed {
  return typeof text === 'string' ? (decimal(text, 65_535) ?? new Malformed('a malformed rport')) : text;
}

/** RFC 3261 has received without brackets, RFC 5118 §4.5 asks to take both. */
function withoutBrackets(address: string): string {
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
}

function encode(via: Via): string {
  const branch = via.branch === undefined ? '' : `;branch=${via.branch}`;
  const received = via.received === undefined ? '' : `;received=${via.received}`;
  return `${via.protocol}/${via.transport} ${formatHostAndPort(via.host, via.port)}${branch}${received}${rportText(via.rport)}${via.parameters}`;
}

function rportText(rport: number | true | undefined): string {
  if (rport === undefined) return '';
  return rport === true ? ';rport' : `;rport=${rport}`;
}
