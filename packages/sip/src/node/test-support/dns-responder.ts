import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { NaptrRecord, SrvRecord } from '../../platform.ts';

/** RFC 1035 §3.2.2, RFC 3596 §2.1, RFC 2782, RFC 3403 §6. */
const types = { A: 1, CNAME: 5, AAAA: 28, SRV: 33, NAPTR: 35 } as const;
type RecordType = keyof typeof types;
/** RFC 1035 §4.1.1. */
const responseCodes = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

export interface ZoneRecord {
  readonly type: RecordType;
  readonly ttl: number;
  readonly octets: Uint8Array;
}

/** By question: `SRV _sip._udp.example.net`. What is not there has no data; a name that is nowhere does not exist. */
export interface DnsZone {
  [question: string]: readonly ZoneRecord[] | keyof typeof responseCodes | 'silence';
}

/** A name server for one test, on UDP and loopback. */
export class DnsResponder {
  /** What was asked, retransmissions included. */
  readonly questions: string[] = [];
  readonly zone: DnsZone;
  readonly #socket: Socket;

  static async start(zone: DnsZone): Promise<DnsResponder> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsResponder(socket, zone);
  }

  private constructor(socket: Socket, zone: DnsZone) {
    this.#socket = socket;
    this.zone = zone;
    socket.on('message', (query, { port, address }) => {
      const response = this.#answer(query);
      if (response !== undefined) socket.send(response, port, address);
    });
  }

  /** As a resolver wants it. */
  get server(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  asked(question: string): number {
    return this.questions.filter((asked) => asked === question).length;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(query: Buffer): Uint8Array | undefined {
    const { name, type, end } = questionOf(query);
    const question = `${type} ${name}`;
    this.questions.push(question);
    const entry = this.zone[question] ?? (this.#knows(name) ? [] : 'NXDOMAIN');
    if (entry === 'silence') return undefined;
    const records = typeof entry === 'string' ? [] : entry;
    const code = typeof entry === 'string' ? responseCodes[entry] : 0;
    const header = Buffer.concat([query.subarray(0, 2), numbers(0x8180 | code, 1, records.length, 0, 0)]);
    return Buffer.concat([header, query.subarray(12, end), ...records.map((record) => resource(name, record))]);
  }

  #knows(name: string): boolean {
    return Object.keys(this.zone).some((question) => question.endsWith(` ${name}`));
  }
}

export function a(address: string, ttl = 300): ZoneRecord {
  return { type: 'A', ttl, octets: Uint8Array.from(address.split('.'), Number) };
}

/** `address` has a gap, as `2001:db8::1`. */
export function aaaa(address: string, ttl = 300): ZoneRecord {
  const [head = [], tail = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return { type: 'AAAA', ttl, octets: numbers(...[...head, ...gap, ...tail].map((group) => Number.parseInt(group, 16))) };
}

export function srv({ priority, weight, port, target }: SrvRecord): ZoneRecord {
  return { type: 'SRV', ttl: 300, octets: Buffer.concat([numbers(priority, weight, port), domainName(target)]) };
}

export function naptr({ order, preference, flags, service, regexp, replacement }: NaptrRecord): ZoneRecord {
  const texts = [flags, service, regexp].map(characterString);
  return { type: 'NAPTR', ttl: 300, octets: Buffer.concat([numbers(order, preference), ...texts, domainName(replacement)]) };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const code = query.readUInt16BE(at + 1);
  const type = Object.entries(types).find(([, known]) => known === code)?.[0] ?? `TYPE${code}`;
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function resource(name: string, { type, ttl, octets }: ZoneRecord): Uint8Array {
  return Buffer.concat([domainName(name), numbers(types[type], 1, Math.floor(ttl / 65_536), ttl % 65_536, octets.length), octets]);
}

/** Each as 16 bits. */
function numbers(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) octets.writeUInt16BE(value, index * 2);
  return octets;
}

function domainName(name: string): Uint8Array {
  const labels = name === '' || name === '.' ? [] : name.split('.');
  return Buffer.concat([...labels.map(characterString), Uint8Array.of(0)]);
}

function characterString(text: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(text.length), Buffer.from(text, 'latin1')]);
}
