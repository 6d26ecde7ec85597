import { cseqHeader, parseMessage, portableOctets, StreamFramer } from '@opencpm/sip';
import { hostPortText, type WireEntry } from './wire-log.ts';

/** Reads a wire log entry by entry and says in a few words which messages are whole with it. */
export class WireMessages {
  readonly #framers = new Map<string, StreamFramer>();

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
        this.#framers.delete(wayOf(entry));
        return ['TCP connect'];
      case 'accepted':
        this.#framers.delete(wayOf(entry));
        return ['TCP accepted'];
      default:
        return [`TCP ${entry.event}`];
    }
  }

  #segmentLabels(entry: WireEntry): readonly string[] {
    const events = this.#framer(wayOf(entry)).push(entry.octets);
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

function wayOf(entry: WireEntry): string {
  return `${hostPortText(entry.from)} > ${hostPortText(entry.to)}`;
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
