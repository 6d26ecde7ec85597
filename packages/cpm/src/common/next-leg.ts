import { type Headers, maxForwardsHeader, type RawHeader, type SipRequest } from '@opencpm/sip';
import { anonymityRequested, anonymousNameAddr } from './addresses.ts';

/**
 * Which headers of a MESSAGE cross from one leg to the next, for a function that acts as back-to-back user agent.
 * Headers that are not named here cross byte for byte (house style).
 */
type Crossing = 'drop' | 'replace';

const messageCrossing: ReadonlyMap<string, Crossing> = new Map<string, Crossing>([
  // Of the hop, made anew by the endpoint or by the core.
  ['via', 'drop'],
  ['route', 'drop'],
  ['record-route', 'drop'],
  ['proxy-require', 'drop'],
  ['authorization', 'drop'],
  ['proxy-authorization', 'drop'],
  ['content-length', 'drop'],
  // Of the served user and his core only.
  ['p-preferred-identity', 'drop'],
  ['p-preferred-service', 'drop'],
  ['message-uid', 'drop'],
  ['p-access-network-info', 'drop'],
  ['p-charging-vector', 'drop'],
  ['p-charging-function-addresses', 'drop'],
  // Of the leg, made anew below.
  ['call-id', 'replace'],
  ['cseq', 'replace'],
  ['max-forwards', 'replace'],
  ['user-agent', 'replace'],
  ['to', 'replace'],
]);

/** Headers by which an anonymous sender would be known all the same (decision 34). */
const tellingHeaders: ReadonlySet<string> = new Set([
  'p-asserted-identity',
  'contact',
  'reply-to',
  'referred-by',
  'history-info',
  'organization',
]);

export interface Leg {
  readonly callId: string;
  /** The whole User-Agent value of the function that opens the leg. */
  readonly userAgent: string;
  readonly sequence?: number;
}

/** The request of a new leg: same method, URI, body and crossing headers, a Call-ID of its own, one hop less. */
export function nextLeg(request: SipRequest, leg: Leg): SipRequest {
  const anonymous = anonymityRequested(request.headers);
  const headers = request.headers
    .filter((header) => crosses(header, anonymous))
    .with('To', withoutTag(request.headers.text('To') ?? `<${request.uri}>`))
    .with('Call-ID', leg.callId)
    .with('CSeq', `${leg.sequence ?? 1} ${request.method}`)
    .with('Max-Forwards', String(remainingForwards(request.headers)))
    .with('User-Agent', leg.userAgent);
  return { ...request, headers: anonymous ? hideSender(headers) : headers };
}

/** The number of hops that are left after this one; 70 stands for an absent or malformed header (RFC 3261 §16.6). */
export function remainingForwards(headers: Headers): number {
  return Math.max(0, (headers.value(maxForwardsHeader) ?? 70) - 1);
}

function crosses(header: RawHeader, anonymous: boolean): boolean {
  const crossing = messageCrossing.get(header.key);
  return crossing === undefined ? !(anonymous && tellingHeaders.has(header.key)) : crossing === 'replace' && header.key !== 'to';
}

/** The From of an anonymous sender keeps its tag and loses everything else. */
function hideSender(headers: Headers): Headers {
  const from = headers.text('From') ?? '';
  const tag = /;\s*tag\s*=\s*([^;\s]+)/i.exec(from.slice(from.lastIndexOf('>') + 1));
  return headers.with('From', tag === null ? anonymousNameAddr : `${anonymousNameAddr};tag=${tag[1]}`);
}

/** A new leg has no remote tag yet. */
function withoutTag(to: string): string {
  const end = to.lastIndexOf('>') + 1;
  return to.slice(0, end) + to.slice(end).replace(/;\s*tag\s*=\s*[^;\s]+/i, '');
}
