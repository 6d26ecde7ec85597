import { type Headers, maxForwardsHeader, type RawHeader, type SipRequest } from '@opencpm/sip';
import { anonymityRequested } from './addresses.ts';
import { withoutSender } from './hide-sender.ts';

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

export interface Leg {
  readonly callId: string;
  /** The whole User-Agent value of the function that opens the leg. */
  readonly userAgent: string;
  readonly sequence?: number;
}

/** The request of a new leg: same method, URI, body and crossing headers, a Call-ID of its own, one hop less. */
export function nextLeg(request: SipRequest, leg: Leg): SipRequest {
  const sent = anonymityRequested(request.headers) ? withoutSender(request.headers).without('P-Asserted-Identity') : request.headers;
  const headers = sent
    .filter(crosses)
    .with('To', withoutTag(request.headers.text('To') ?? `<${request.uri}>`))
    .with('Call-ID', leg.callId)
    .with('CSeq', `${leg.sequence ?? 1} ${request.method}`)
    .with('Max-Forwards', String(remainingForwards(request.headers)))
    .with('User-Agent', leg.userAgent);
  return { ...request, headers };
}

/** The number of hops that are left after this one; 70 stands for an absent or malformed header (RFC 3261 §16.6). */
export function remainingForwards(headers: Headers): number {
  return Math.max(0, (headers.value(maxForwardsHeader) ?? 70) - 1);
}

function crosses(header: RawHeader): boolean {
  return messageCrossing.get(header.key) !== 'drop';
}

/** A new leg has no remote tag yet. */
function withoutTag(to: string): string {
  const end = to.lastIndexOf('>') + 1;
  return to.slice(0, end) + to.slice(end).replace(/;\s*tag\s*=\s*[^;\s]+/i, '');
}
