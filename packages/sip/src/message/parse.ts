import { agreedContentLength } from './content-length.ts';
import { HeaderLine } from './header-line.ts';
import { Headers } from './headers.ts';
import { defaultParseLimits, type ParseLimits } from './limits.ts';
import { Malformed } from './malformed.ts';
import { emptyBody, type SipMessage, type SipRequest } from './message.ts';
import type { OctetCodec } from './octets.ts';
import { isSip2, looseRequestLine, parseStartLine, type RequestLine } from './start-line.ts';

export { defaultParseLimits, type ParseLimits };

export type ParseResult =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** Octets that are no message. With `partial`, a request that can be answered with `status` all the same. */
  | { readonly kind: 'malformed'; readonly reason: string; readonly status: number; readonly partial?: SipRequest }
  /** Nothing but line ends (RFC 5626 §3.5.1 and what devices send to keep a NAT binding). */
  | { readonly kind: 'keep-alive' };

/**
 * Reads one whole datagram, or one frame of a stream. Header values are not looked into; the body shares memory with
 * `octets`. Without Content-Length the body is the rest; with a shorter one what follows is ignored, a longer one is
 * malformed (RFC 3261 §18.3).
 */
export function parseMessage(octets: Uint8Array, codec: OctetCodec, limits: ParseLimits = defaultParseLimits): ParseResult {
  const start = afterLineEnds(octets);
  if (start === octets.length) return { kind: 'keep-alive' };
  const head = decodeHead(octets, start, codec, limits);
  if (head instanceof Refusal) return { kind: 'malformed', reason: head.reason, status: head.status };
  return parseStart(head, { octets, start: start + head.octets }, limits);
}

/** A head in parts. `octets` is its length on the wire. */
interface Head {
  readonly startLine: string;
  readonly lines: readonly HeaderLine[];
  readonly contentLengths: readonly string[];
  readonly octets: number;
}

/** What stands behind the head. */
interface Rest {
  readonly octets: Uint8Array;
  readonly start: number;
}

class Refusal {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tabulator = 9;

/** Octets that are decoded at first; nearly every head fits, and little of a body is decoded in vain. */
const usualHeadOctets = 4096;

function afterLineEnds(octets: Uint8Array): number {
  let start = 0;
  while (octets[start] === carriageReturn && octets[start + 1] === lineFeed) start += 2;
  return start;
}

function decodeHead(octets: Uint8Array, start: number, codec: OctetCodec, limits: ParseLimits): Head | Refusal {
  const available = Math.min(octets.length - start, limits.maximumHeadOctets);
  if (available > usualHeadOctets) {
    const head = splitHead(codec.decode(octets, start, start + usualHeadOctets), limits);
    if (head !== 'incomplete') return head;
  }
  const head = splitHead(codec.decode(octets, start, start + available), limits);
  if (head !== 'incomplete') return head;
  return available < octets.length - start
    ? new Refusal(513, 'the headers are too large')
    : new Refusal(400, 'no empty line behind the headers');
}

/** Cuts the text at its line ends. A line that begins with a blank belongs to the one before (RFC 3261 §7.3.1). */
function splitHead(text: string, limits: ParseLimits): Head | Refusal | 'incomplete' {
  const startEnd = lineEnd(text, 0);
  if (startEnd < 0) return refusalOf(startEnd);
  const lines: HeaderLine[] = [];
  const contentLengths: string[] = [];
  let position = startEnd + 2;
  for (;;) {
    const end = foldedEnd(text, position);
    if (end < 0) return refusalOf(end);
    if (end === position) return { startLine: text.slice(0, startEnd), lines, contentLengths, octets: end + 2 };
    if (lines.length === limits.maximumHeaders) return new Refusal(513, 'too many headers');
    const line = HeaderLine.in(text, position, colonIn(text, position, end), end);
    lines.push(line);
    if (line.key === 'content-length') contentLengths.push(line.value);
    position = end + 2;
  }
}

const unfinished = -1;
const broken = -2;

/** Where the line that begins at `start` has its CRLF; unfinished when it has none yet, broken by a lone CR or LF. */
function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  const firstReturn = text.indexOf('\r', start);
  if (end < 0) return firstReturn < 0 || firstReturn === text.length - 1 ? unfinished : broken;
  return firstReturn === end - 1 ? firstReturn : broken;
}

function foldedEnd(text: string, start: number): number {
  let end = lineEnd(text, start);
  if (end === start) return end;
  while (end >= 0 && isFold(text.charCodeAt(end + 2))) end = lineEnd(text, end + 2);
  // What follows decides if the line goes on, so it has to be there.
  return end >= 0 && end + 2 >= text.length ? unfinished : end;
}

function isFold(code: number): boolean {
  return code === space || code === tabulator;
}

function refusalOf(end: number): Refusal | 'incomplete' {
  return end === unfinished ? 'incomplete' : new Refusal(400, 'a lone CR or LF in the headers');
}

function colonIn(text: string, start: number, end: number): number {
  const colon = text.indexOf(':', start);
  return colon < 0 || colon > end ? end : colon;
}

function parseStart(head: Head, rest: Rest, limits: ParseLimits): ParseResult {
  const start = parseStartLine(head.startLine);
  if (start instanceof Malformed) return refuse(head, looseRequestLine(head.startLine), new Refusal(400, start.reason));
  const request = start.kind === 'request' ? start : undefined;
  if (request !== undefined && !isSip2(request.version)) return refuse(head, request, new Refusal(505, 'another version of SIP'));
  const body = bodyOf(head, rest, limits);
  if (body instanceof Refusal) return refuse(head, request, body);
  const headers = Headers.ofLines(head.lines);
  if (start.kind === 'response') {
    return { kind: 'message', message: { kind: 'response', status: start.status, reason: start.reason, headers, body } };
  }
  return { kind: 'message', message: { kind: 'request', method: start.method, uri: start.uri, headers, body } };
}

function bodyOf(head: Head, rest: Rest, limits: ParseLimits): Uint8Array | Refusal {
  const declared = agreedContentLength(head.contentLengths);
  if (declared instanceof Malformed) return new Refusal(400, declared.reason);
  const available = rest.octets.length - rest.start;
  const length = declared ?? available;
  if (length > limits.maximumBodyOctets) return new Refusal(413, 'the body is too large');
  if (length > available) return new Refusal(400, 'the body is shorter than Content-Length says');
  const { buffer, byteOffset } = rest.octets;
  return length === 0 ? emptyBody : new Uint8Array(buffer, byteOffset + rest.start, length);
}

/** What RFC 3261 §8.2.6.2 copies into a response; without them there is nobody to answer. */
const neededForAnswer = ['via', 'from', 'to', 'call-id', 'cseq'];

function refuse(head: Head, request: RequestLine | undefined, refusal: Refusal): ParseResult {
  const malformed = { kind: 'malformed', reason: refusal.reason, status: refusal.status } as const;
  const headers = Headers.ofLines(head.lines);
  if (request === undefined || !neededForAnswer.every((name) => headers.has(name))) return malformed;
  return { ...malformed, partial: { kind: 'request', method: request.method, uri: request.uri, headers, body: emptyBody } };
}
