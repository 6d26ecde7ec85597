import { isIn, token } from './character-classes.ts';
import { agreedContentLength } from './content-length.ts';
import { HeaderLine } from './header-line.ts';
import { defaultParseLimits, type ParseLimits } from './limits.ts';
import { Malformed } from './malformed.ts';
import type { OctetCodec } from './octets.ts';

/** After `too-large` and `broken` the stream cannot go on; with `head` parseMessage gives what to answer. */
export type FrameEvent =
  /** One whole message for parseMessage. May share memory with what was pushed. */
  | { readonly kind: 'frame'; readonly octets: Uint8Array }
  /** CRLFCRLF between messages, to be answered with CRLF (RFC 5626 §3.5.1). */
  | { readonly kind: 'ping' }
  /** 513 for the head, 413 for the body. */
  | { readonly kind: 'too-large'; readonly status: 413 | 513; readonly head?: Uint8Array }
  | { readonly kind: 'broken'; readonly reason: string; readonly head?: Uint8Array };

const carriageReturn = 13;
const lineFeed = 10;
const nothing: Uint8Array = new Uint8Array(0);

/**
 * Cuts a stream into messages by their Content-Length (RFC 3261 §18.3). A machine: octets in, events out; the events
 * do not depend on how the stream was split. Holds at most one message, within the limits.
 */
export class StreamFramer {
  readonly #codec: OctetCodec;
  readonly #limits: ParseLimits;
  /** What was pushed and not yet given out; the message begins at index 0 of it. */
  #held: Uint8Array = nothing;
  /** True when #held is a copy of our own, with room behind it. */
  #ownsHeld = false;
  /** Octets of #held in use; what lies behind is room. */
  #length = 0;
  /** Octets of the head that hold no end of it. */
  #searched = 0;
  /** Octets of the whole message once its head is there. */
  #frameLength: number | undefined;
  /** Line ends met in a row between messages, in octets. */
  #lineEndOctets = 0;
  #ended = false;

  constructor(codec: OctetCodec, limits: ParseLimits = defaultParseLimits) {
    this.#codec = codec;
    this.#limits = limits;
  }

  push(octets: Uint8Array): readonly FrameEvent[] {
    const events: FrameEvent[] = [];
    if (this.#ended || octets.length === 0) return events;
    this.#hold(octets);
    let taken = 0;
    while (!this.#ended) {
      const used = this.#next(taken, events);
      if (used === 0) break;
      taken += used;
    }
    this.#drop(taken);
    return events;
  }

  /** Handles what begins at `start`; gives the octets that are done with, 0 when more are needed. */
  #next(start: number, events: FrameEvent[]): number {
    if (start === this.#length) return 0;
    const code = this.#held[start];
    if (this.#searched > 0 || this.#frameLength !== undefined) return this.#message(start, events);
    if (code === carriageReturn || (code === lineFeed && this.#lineEndOctets % 2 === 1)) return this.#lineEnd(start, events);
    if (code === undefined || !isIn(code, token) || this.#lineEndOctets % 2 === 1) return this.#break(events, 'not the begin of a message');
    this.#lineEndOctets = 0;
    return this.#message(start, events);
  }

  /** One octet of the line ends between messages; two CRLF in a row are a ping. */
  #lineEnd(start: number, events: FrameEvent[]): number {
    const expected = this.#lineEndOctets % 2 === 0 ? carriageReturn : lineFeed;
    if (this.#held[start] !== expected) return this.#break(events, 'a lone CR between messages');
    this.#lineEndOctets += 1;
    if (this.#lineEndOctets === 4) {
      this.#lineEndOctets = 0;
      events.push({ kind: 'ping' });
    }
    return 1;
  }

  #message(start: number, events: FrameEvent[]): number {
    if (this.#frameLength === undefined && !this.#findHead(start, events)) return 0;
    const length = this.#frameLength ?? 0;
    if (this.#length - start < length) return 0;
    events.push({ kind: 'frame', octets: this.#held.subarray(start, start + length) });
    this.#frameLength = undefined;
    this.#searched = 0;
    return length;
  }

  /** Looks for the empty line. True when the head is whole and its frame within the limits. */
  #findHead(start: number, events: FrameEvent[]): boolean {
    const end = this.#endOfHead(start);
    const headLength = (end ?? this.#length) - start;
    if (headLength > this.#limits.maximumHeadOctets) {
      this.#end(events, { kind: 'too-large', status: 513 });
      return false;
    }
    if (end === undefined) {
      this.#searched = headLength;
      return false;
    }
    return this.#measure(this.#held.subarray(start, end), events);
  }

  /** Where the head that begins at `start` ends, behind its empty line. */
  #endOfHead(start: number): number | undefined {
    const held = this.#held;
    // The last three octets searched may be the first three of the empty line.
    for (let index = start + Math.max(3, this.#searched); index < this.#length; index += 1) {
      if (held[index] !== lineFeed || held[index - 2] !== lineFeed) continue;
      if (held[index - 1] === carriageReturn && held[index - 3] === carriageReturn) return index + 1;
    }
    return undefined;
  }

  #measure(head: Uint8Array, events: FrameEvent[]): boolean {
    const bodyLength = agreedContentLength(contentLengths(this.#codec.decode(head, 0, head.length)));
    if (bodyLength === undefined || bodyLength instanceof Malformed) {
      const reason = bodyLength === undefined ? 'no Content-Length on a stream' : bodyLength.reason;
      this.#end(events, { kind: 'broken', reason, head: head.slice() });
      return false;
    }
    if (bodyLength > this.#limits.maximumBodyOctets) {
      this.#end(events, { kind: 'too-large', status: 413, head: head.slice() });
      return false;
    }
    this.#frameLength = head.length + bodyLength;
    return true;
  }

  #break(events: FrameEvent[], reason: string): number {
    this.#end(events, { kind: 'broken', reason });
    return 0;
  }

  #end(events: FrameEvent[], event: FrameEvent): void {
    events.push(event);
    this.#ended = true;
    this.#held = nothing;
    this.#length = 0;
  }

  /** Puts octets behind those that are held. A chunk that begins a message is used as it is, without a copy. */
  #hold(octets: Uint8Array): void {
    if (this.#length === 0) {
      this.#held = octets;
      this.#length = octets.length;
      return;
    }
    const length = this.#length + octets.length;
    if (length > this.#held.length || !this.#ownsHeld) this.#grow(length);
    this.#held.set(octets, this.#length);
    this.#length = length;
  }

  /** Doubles, so that a message in many small chunks is copied a bounded number of times. */
  #grow(length: number): void {
    const wanted = Math.max(length * 2, this.#frameLength ?? 0);
    const grown = new Uint8Array(wanted);
    grown.set(this.#held.subarray(0, this.#length));
    this.#held = grown;
    this.#ownsHeld = true;
  }

  /** Forgets the octets that were given out. An idle connection holds no memory of what it received. */
  #drop(taken: number): void {
    if (taken === 0 || this.#ended) return;
    this.#length -= taken;
    this.#held = this.#length === 0 ? nothing : this.#held.subarray(taken, taken + this.#length);
    this.#ownsHeld = false;
  }
}

/** The values of the Content-Length lines of a head. */
function contentLengths(head: string): readonly string[] {
  const values: string[] = [];
  let lineStart = head.indexOf('\r\n') + 2;
  while (lineStart < head.length) {
    const lineEnd = endOfLine(head, lineStart);
    if ('cClL'.includes(head.charAt(lineStart))) {
      const colon = head.indexOf(':', lineStart);
      const header = HeaderLine.in(head, lineStart, colon < 0 || colon > lineEnd ? lineEnd : colon, lineEnd);
      if (header.key === 'content-length') values.push(header.value);
    }
    lineStart = lineEnd + 2;
  }
  return values;
}

/** The index of the CRLF that ends a line, folds passed over. */
function endOfLine(head: string, start: number): number {
  let end = head.indexOf('\r\n', start);
  while (end > start && (head[end + 2] === ' ' || head[end + 2] === '\t')) end = head.indexOf('\r\n', end + 2);
  return end < 0 ? head.length : end;
}
