import { type CpimMessage, coreNamespace, formatCpim, imdnNamespace, withHeader, withoutHeader } from '@opencpm/payloads';
import type { Headers, SipRequest } from '@opencpm/sip';
import { anonymousNameAddr, anonymousUri } from './addresses.ts';
import { tagOf, withTag } from './tags.ts';

/**
 * Headers by which an anonymous sender would be known all the same (decision 34, RFC 3323 §4.1, §5.1).
 * P-Asserted-Identity is the core's to hold back.
 */
const tellingHeaders: ReadonlySet<string> = new Set([
  ...['contact', 'reply-to', 'in-reply-to', 'referred-by', 'history-info', 'diversion', 'organization', 'call-info'],
  // Identities that other means than RFC 3325 assert, where he is, and whose password he knows.
  ...['identity', 'identity-info', 'remote-party-id', 'p-preferred-identity', 'geolocation', 'p-access-network-info'],
  ...['authorization', 'proxy-authorization'],
  // The way back to him, which only those need who answer him.
  ...['record-route', 'path'],
]);

/**
 * A request as it leaves for others when its sender hides: SIP and CPIM From say the same, nothing else tells of him
 * (wire facts 5.1, decision 34). The Call-ID is a new one, because that of a client often has his host in it.
 */
export function hideSender(request: SipRequest, cpim: CpimMessage, { callId, userAgent }: HiddenBehind): SipRequest {
  const headers = withoutSender(request.headers).with('Call-ID', callId).with('User-Agent', userAgent);
  return { ...hideCpimSender(request, cpim), headers };
}

/** What stands in the place of the sender's own. */
export interface HiddenBehind {
  readonly callId: string;
  /** That of a client often names his device. */
  readonly userAgent: string;
}

/** Only what is inside: the SIP headers are those that the answer is made from. */
export function hideCpimSender(request: SipRequest, cpim: CpimMessage): SipRequest {
  const hidden = withHeader(cpim, coreNamespace, 'From', `<${anonymousUri}>`);
  // Notifications find their way without it, and a client may have put itself there.
  return { ...request, body: formatCpim(withoutHeader(hidden, imdnNamespace, 'IMDN-Record-Route')) };
}

/** From keeps its tag and loses everything else; the telling headers go. */
export function withoutSender(headers: Headers): Headers {
  const tag = tagOf(headers.text('From') ?? '');
  return headers
    .filter((header) => !tellingHeaders.has(header.key))
    .with('From', tag === undefined ? anonymousNameAddr : withTag(anonymousNameAddr, tag));
}
