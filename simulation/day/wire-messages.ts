import type { HostPort } from '@opencpm/sip';
import type { WireEntry, WireLog } from '@opencpm/testkit';
import type { HeardOctets } from '../simulated-server.ts';

/** A SIP message put together from the pieces of its stream, or one datagram. */
export interface WireMessage {
  readonly from: HostPort;
  readonly to: HostPort;
  /** When its first piece was put on the wire, and when its last one. */
  readonly beganAt: number;
  readonly endedAt: number;
  /** One character an octet. */
  readonly text: string;
  /** False for what a connection was not given time to carry. */
  readonly isWhole: boolean;
}

/** Everything that was said on the wire, message by message, whether or not it arrived. */
export function messagesOn(wire: WireLog): readonly WireMessage[] {
  const known = messagesOfWires.get(wire);
  if (known !== undefined) return known;
  const reader = new MessageReader();
  for (const entry of wire.entries) reader.read(entry);
  const messages = reader.end();
  messagesOfWires.set(wire, messages);
  return messages;
}

/** What came whole to the server; `endedAt` is when its last octet did. */
export function messagesHeard(heard: readonly HeardOctets[]): readonly WireMessage[] {
  const known = messagesHeardBefore.get(heard);
  if (known !== undefined) return known;
  const reader = new MessageReader();
  for (const { at, flow, octets } of heard) {
    reader.read(
      { atMilliseconds: at, event: flow.transport === 'UDP' ? 'datagram' : 'segment', from: flow.remote, to: flow.local, octets },
      flow.id,
    );
  }
  const messages = reader.end().filter(({ isWhole }) => isWhole);
  messagesHeardBefore.set(heard, messages);
  return messages;
}

export function callIdOf({ text }: Pick<WireMessage, 'text'>): string {
  return /^Call-ID: (\S+)/im.exec(text)?.[1] ?? '';
}

/** Several checkers read the same day. */
const messagesOfWires = new WeakMap<WireLog, readonly WireMessage[]>();
const messagesHeardBefore = new WeakMap<readonly HeardOctets[], readonly WireMessage[]>();

type Piece = Pick<WireEntry, 'atMilliseconds' | 'event' | 'from' | 'to' | 'octets'>;
type Begun = Omit<WireMessage, 'isWhole'>;

class MessageReader {
  readonly #messages: WireMessage[] = [];
  readonly #begun = new Map<string, Begun>();

  read(piece: Piece, way = wayOf(piece)): void {
    if (piece.event === 'segment') this.#readSegment(piece, way);
    else if (piece.event === 'datagram') this.#messages.push({ ...begunWith(piece, textOf(piece)), isWhole: true });
    // The next connection between the same ports begins with a new stream.
    else if (piece.event === 'connect' || piece.event === 'accepted') this.#breakOff(way);
  }

  end(): readonly WireMessage[] {
    for (const way of [...this.#begun.keys()]) this.#breakOff(way);
    return this.#messages.sort((first, second) => first.beganAt - second.beganAt);
  }

  #readSegment(piece: Piece, way: string): void {
    const begun = this.#begun.get(way);
    const { atMilliseconds: endedAt } = piece;
    let message: Begun =
      begun === undefined ? begunWith(piece, textOf(piece)) : { ...begun, endedAt, text: withoutPings(begun.text + textOf(piece)) };
    for (let length = lengthOf(message.text); length <= message.text.length; length = lengthOf(message.text)) {
      const { text } = message;
      this.#messages.push({ ...message, text: text.slice(0, length), isWhole: true });
      message = begunWith(piece, text.slice(length));
    }
    if (message.text === '') this.#begun.delete(way);
    else this.#begun.set(way, message);
  }

  #breakOff(way: string): void {
    const begun = this.#begun.get(way);
    if (begun !== undefined) this.#messages.push({ ...begun, isWhole: false });
    this.#begun.delete(way);
  }
}

function begunWith({ from, to, atMilliseconds }: Piece, text: string): Begun {
  return { from, to, beganAt: atMilliseconds, endedAt: atMilliseconds, text: withoutPings(text) };
}

/** Line ends between messages (RFC 5626 §3.5.1). */
function withoutPings(text: string): string {
  return text.replace(/^[\r\n]+/, '');
}

/** Octets of the message that the text begins with; endless while its head is not there. */
function lengthOf(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return Number.POSITIVE_INFINITY;
  return head + 4 + Number(/^Content-Length: *(\d+)/im.exec(text.slice(0, head))?.[1] ?? 0);
}

function textOf({ octets }: Piece): string {
  return Buffer.from(octets).toString('latin1');
}

export function wayOf({ from, to }: Pick<WireEntry, 'from' | 'to'>): string {
  return `${from.host}:${from.port} > ${to.host}:${to.port}`;
}
