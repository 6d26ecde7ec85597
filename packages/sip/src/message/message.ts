import { parseUri, type Uri } from '../uri/uri.ts';
import { HeaderLine, type RawHeader } from './header-line.ts';
import { toHeader } from './headers/to.ts';
import { Headers } from './headers.ts';
import { Malformed } from './malformed.ts';
import { reasonPhrases } from './reason-phrases.ts';

/** Immutable. `uri` is the Request-URI as written, an octet string; `body` may share memory with what was received. */
export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Immutable. `status` is 100 to 699; `reason` is an octet string and may be empty. */
export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;

/** The body of a message without one. */
export const emptyBody: Uint8Array = new Uint8Array(0);

/** The Request-URI. Decoded once while one request is worked on: the last one is remembered by its text. */
export function requestUri(request: SipRequest): Uri | Malformed {
  if (request.uri !== lastUri.text) lastUri = { text: request.uri, uri: parseUri(request.uri) };
  return lastUri.uri;
}

/** A URI is a value, so it does not matter which request it was decoded for. */
let lastUri: { readonly text: string; readonly uri: Uri | Malformed } = { text: '', uri: parseUri('') };

export interface ResponseOptions {
  /** The Reason-Phrase, an octet string; that of the status when it is not given. */
  readonly reason?: string;
  /** Put into To when To has no tag yet. 100 takes none. */
  readonly toTag?: string;
  /** Stand behind the copied ones. */
  readonly headers?: Headers;
  readonly body?: Uint8Array;
}

/** A response as RFC 3261 §8.2.6.2 has it: Via, From, To, Call-ID and CSeq copied in their order, Timestamp into 100. */
export function responseTo(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const { reason = reasonPhrases.get(status) ?? '', toTag, headers = Headers.of(), body = emptyBody } = options;
  let tag = status === 100 ? undefined : toTag;
  const lines: HeaderLine[] = [];
  for (const line of request.headers.lines) {
    if (!isCopied(line, status)) continue;
    if (line.key !== 'to' || tag === undefined) {
      lines.push(line);
      continue;
    }
    lines.push(withToTag(line, tag));
    // A request with more than one To is refused, and whatever stands behind the first goes back as it came.
    tag = undefined;
  }
  for (const line of headers.lines) lines.push(line);
  return { kind: 'response', status, reason, headers: Headers.ofLines(lines), body };
}

function isCopied(header: RawHeader, status: number): boolean {
  switch (header.key) {
    case 'via':
    case 'from':
    case 'to':
    case 'call-id':
    case 'cseq':
      return true;
    case 'timestamp':
      return status === 100;
    default:
      return false;
  }
}

/** A To that cannot be read stays as it is: the answer still finds its way by Via. */
function withToTag(line: HeaderLine, tag: string): HeaderLine {
  const [to] = line.elements(toHeader);
  return to === undefined || to instanceof Malformed || to.tag !== undefined ? line : HeaderLine.of('To', `${line.value};tag=${tag}`);
}
