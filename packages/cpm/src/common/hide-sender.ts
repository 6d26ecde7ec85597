import { type CpimMessage, coreNamespace, formatCpim, withHeader } from '@opencpm/payloads';
import type { Headers, SipRequest } from '@opencpm/sip';
import { anonymousNameAddr, anonymousUri } from './addresses.ts';
import { tagOf, withTag } from './tags.ts';

/** Headers by which an anonymous sender would be known all the same (decision 34). P-Asserted-Identity is the core's to hold back. */
const tellingHeaders: ReadonlySet<string> = new Set(['contact', 'reply-to', 'referred-by', 'history-info', 'organization', 'call-info']);

/**
 * A request as it leaves for others when its sender hides: SIP and CPIM From say the same, nothing else tells of him
 * (wire facts 5.1, decision 34). The Call-ID is a new one, because that of a client often has his host in it.
 */
export function hideSender(request: SipRequest, cpim: CpimMessage, callId: string): SipRequest {
  return { ...hideCpimSender(request, cpim), headers: withoutSender(request.headers).with('Call-ID', callId) };
}

/** Only what is inside: the SIP headers are those that the answer is made from. */
export function hideCpimSender(request: SipRequest, cpim: CpimMessage): SipRequest {
  return { ...request, body: formatCpim(withHeader(cpim, coreNamespace, 'From', `<${anonymousUri}>`)) };
}

/** From keeps its tag and loses everything else; the telling headers go. */
export function withoutSender(headers: Headers): Headers {
  const tag = tagOf(headers.text('From') ?? '');
  return headers
    .filter((header) => !tellingHeaders.has(header.key))
    .with('From', tag === undefined ? anonymousNameAddr : withTag(anonymousNameAddr, tag));
}
