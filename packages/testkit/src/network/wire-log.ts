import type { HostPort, TransportName } from '@opencpm/sip';

/**
 * What happened on the wire. `unheard` is a datagram that came where nobody listened; `connect`, `refused`, `accepted`,
 * `end` and `reset` are the life of a TCP connection; `forgotten` leaves both its ends half-open.
 */
export type WireEvent = 'datagram' | 'unheard' | 'connect' | 'refused' | 'accepted' | 'segment' | 'end' | 'reset' | 'forgotten';

/** What the network did with it. `late` is a lost TCP segment that is sent again; `cut off` met a partition or a dead host. */
export type Fate = 'sent' | 'lost' | 'doubled' | 'too large' | 'late' | 'cut off';

export interface WireEntry {
  readonly atMilliseconds: number;
  readonly transport: TransportName;
  readonly event: WireEvent;
  readonly from: HostPort;
  readonly to: HostPort;
  readonly fate: Fate;
  /** What was sent, empty for events that carry nothing. */
  readonly octets: Uint8Array;
}

/** Everything that was put on the virtual wire, in the order in which it was put there. */
export class WireLog {
  readonly startMilliseconds: number;
  readonly #entries: WireEntry[] = [];
  readonly #names = new Map<string, string>();

  constructor(startMilliseconds: number) {
    this.startMilliseconds = startMilliseconds;
  }

  get entries(): readonly WireEntry[] {
    return this.#entries;
  }

  /** Names of hosts by address, in the order in which the hosts came. */
  get names(): ReadonlyMap<string, string> {
    return this.#names;
  }

  add(entry: WireEntry): void {
    this.#entries.push(entry);
  }

  nameHost(address: string, name: string): void {
    this.#names.set(address, name);
  }

  /**
   * The log as text, one head line an entry and one line for each line sent; every octet is shown, so two runs were
   * equal on the wire exactly if their texts are equal.
   */
  toText(): string {
    return this.#entries.map((entry) => entryText(entry, this.startMilliseconds)).join('');
  }
}

/** Milliseconds as seconds since the log's start: `+12.345`. */
export function elapsedText(atMilliseconds: number, startMilliseconds: number): string {
  return `+${((atMilliseconds - startMilliseconds) / 1000).toFixed(3)}`;
}

export function hostPortText(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function entryText(entry: WireEntry, startMilliseconds: number): string {
  const time = elapsedText(entry.atMilliseconds, startMilliseconds);
  const way = `${hostPortText(entry.from)} > ${hostPortText(entry.to)}`;
  const head = `${time} ${entry.transport} ${way} ${entry.event}, ${entry.fate}, ${entry.octets.length} octets\n`;
  return head + octetLines(entry.octets);
}

function octetLines(octets: Uint8Array): string {
  const visible = Array.from(octets, visibleOctet).join('');
  if (visible === '') return '';
  const lines = visible.endsWith('\n') ? visible.slice(0, -1) : visible;
  // A backslash in the end marks a last line without its line feed.
  return `  ${lines.replaceAll('\n', '\n  ')}${visible.endsWith('\n') ? '' : '\\'}\n`;
}

function visibleOctet(octet: number): string {
  if (octet === 0x0a) return '\\n\n';
  if (octet === 0x0d) return '\\r';
  if (octet === 0x5c) return '\\\\';
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\x${octet.toString(16).padStart(2, '0')}`;
}
