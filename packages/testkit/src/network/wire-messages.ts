import { cseqHeader, type FrameEvent, parseMessage, portableOctets, StreamFramer } from '@opencpm/sip';
import { hostPortText, type WireEntry } from './wire-log.ts';

/** Reads a wire log entry by entry and says in a few words which messages are whole with it. */
export class WireMessages {
  readonly #framers = new Map<string, StreamFramer>();
  /** What has begun on a connection and is not whole, by way. */
  readonly #begun = new Map<string, string>();

  labels(entry: WireEntry): readonly string[] {
    switch (entry.event) {
      case 'datagram':
        return [messageLabel(entry.octets)];
      case 'segment':
        return this.#segmentLabels(entry);
      case 'unheard':
        return ['nobody listens'];
      case 'connect':
        // The next connection between the same ports begins with a new stream.
        this.#forget(wayOf(entry));
        return ['TCP connect'];
      case 'accepted':
        this.#forget(wayOf(entry));
        return ['TCP accepted'];
      default:
        return [`TCP ${entry.event}${this.#cutOff(entry)}`];
    }
  }

  #forget(way: string): void {
    this.#framers.delete(way);
    this.#begun.delete(way);
  }

  /** What the end of a connection has met half-way, in either direction. */
  #cutOff({ from, to }: WireEntry): string {
    const ways = [wayOf({ from, to }), wayOf({ from: to, to: from })];
    const begun = ways.flatMap((way) => this.#begun.get(way) ?? []);
    return begun.map((text) => (text === '' ? '' : ` within ${startLine(text)}`)).join('');
  }

  #segmentLabels(entry: WireEntry): readonly string[] {
    const way = wayOf(entry);
    const events = this.#framer(way).push(entry.octets);
    this.#begun.set(way, withoutFrames(`${this.#begun.get(way) ?? ''}${Buffer.from(entry.octets).toString('latin1')}`, events));
    return events.map((event) => {
      if (event.kind === 'frame') return messageLabel(event.octets);
      return event.kind === 'ping' ? 'ping' : 'no SIP stream';
    });
  }

  #framer(way: string): StreamFramer {
    const known = this.#framers.get(way);
    if (known !== undefined) return known;
    const framer = new StreamFramer(portableOctets);
    this.#framers.set(way, framer);
    return framer;
  }
}

function wayOf(entry: Pick<WireEntry, 'from' | 'to'>): string {
  return `${hostPortText(entry.from)} > ${hostPortText(entry.to)}`;
}

/** What is left of a stream's text behind its whole messages. */
function withoutFrames(text: string, events: readonly FrameEvent[]): string {
  let rest = text.replace(lineEnds, '');
  for (const event of events) if (event.kind === 'frame') rest = rest.slice(event.octets.length).replace(lineEnds, '');
  return rest;
}

const lineEnds = /^[\r\n]+/;

function startLine(text: string): string {
  return (text.split('\r\n')[0] ?? '').replace(' SIP/2.0', '');
}

function messageLabel(octets: Uint8Array): string {
  const parsed = parseMessage(octets, portableOctets);
  if (parsed.kind === 'keep-alive') return 'keep-alive';
  if (parsed.kind === 'malformed') return `malformed: ${parsed.reason}`;
  const { message } = parsed;
  if (message.kind === 'request') return `${message.method} ${message.uri}`;
  const method = message.headers.value(cseqHeader)?.method ?? 'unknown method';
  return `${message.status} ${message.reason} (${method})`;
}
