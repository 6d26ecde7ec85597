import { Headers, maxForwardsHeader, type RawHeader, type SipRequest } from '@opencpm/sip';
import { anonymityRequested } from './addresses.ts';
import { withoutSender } from './hide-sender.ts';
import { withoutTag } from './tags.ts';

/**
 * Headers of a MESSAGE that stay behind at a function that acts as back-to-back user agent. All others cross from one
 * leg to the next, unknown ones byte for byte (house style).
 */
const stayBehind: ReadonlySet<string> = new Set([
  // Of the hop, made anew by the endpoint or by the core.
  ...['via', 'route', 'record-route', 'proxy-require', 'authorization', 'proxy-authorization', 'content-length'],
  // Of the served user and his core only: no other user's client is told what the network knows of him (RFC 3455, RFC 7315).
  ...['p-preferred-identity', 'p-preferred-service', 'message-uid', 'p-access-network-info', 'p-visited-network-id'],
  ...['p-charging-vector', 'p-charging-function-addresses', 'p-served-user', 'p-user-database', 'p-profile-key', 'p-called-party-id'],
  // Of the leg, made anew below.
  ...['call-id', 'cseq', 'max-forwards', 'user-agent', 'to'],
]);

export interface Leg {
  readonly callId: string;
  /** The whole User-Agent value of the function that opens the leg. */
  readonly userAgent: string;
  readonly sequence?: number;
  /** Another recipient than the one before. */
  readonly recipientUri?: string;
  /** The leg ends in the core, which holds back what an anonymous sender wants withheld (RFC 3325 §7). */
  readonly towardsCore?: boolean;
}

/** The request of a new leg: same method, URI, body and crossing headers, a Call-ID of its own, one hop less. */
export function nextLeg(request: SipRequest, leg: Leg): SipRequest {
  const recipient = leg.recipientUri === undefined ? request.headers.text('To') : `<${leg.recipientUri}>`;
  const made = Headers.of(
    ['Max-Forwards', String(remainingForwards(request.headers))],
    // A new leg has no remote tag yet.
    ['To', withoutTag(recipient ?? `<${request.uri}>`)],
    ['Call-ID', leg.callId],
    ['CSeq', `${leg.sequence ?? 1} ${request.method}`],
    ['User-Agent', leg.userAgent],
  );
  return { ...request, uri: leg.recipientUri ?? request.uri, headers: made.concat(sentOn(request.headers, leg).filter(crosses)) };
}

function sentOn(headers: Headers, { towardsCore = false }: Leg): Headers {
  if (!anonymityRequested(headers)) return headers;
  const hidden = withoutSender(headers);
  return towardsCore ? hidden : hidden.without('P-Asserted-Identity');
}

/** The number of hops that are left after this one; 70 stands for an absent or malformed header (RFC 3261 §16.6). */
export function remainingForwards(headers: Headers): number {
  return Math.max(0, (headers.value(maxForwardsHeader) ?? 70) - 1);
}

function crosses(header: RawHeader): boolean {
  return !stayBehind.has(header.key);
}
