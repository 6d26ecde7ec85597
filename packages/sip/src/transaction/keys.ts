/** How messages find their transaction. */
import { callIdHeader } from '../message/headers/call-id.ts';
import { cseqHeader } from '../message/headers/cseq.ts';
import { fromHeader } from '../message/headers/from.ts';
import { toHeader } from '../message/headers/to.ts';
import { type Via, viaHeader } from '../message/headers/via.ts';
import type { SipRequest } from '../message/message.ts';

/** Begins every branch that is unique over space and time (RFC 3261 §8.1.1.7). */
export const magicCookie = 'z9hG4bK';

/** RFC 3261 §17.1.3: the branch of the top Via and the method of CSeq. */
export function clientKey(branch: string, method: string): string {
  return `${method} ${branch}`;
}

/**
 * RFC 3261 §17.2.3: branch, sent-by and method, or what RFC 2543 compared when the branch lacks the cookie. The key of
 * an ACK is that of its INVITE. `via` is the top Via as it came.
 */
export function serverKey(request: SipRequest, via: Via): string {
  const method = request.method === 'ACK' ? 'INVITE' : request.method;
  if (via.branch === undefined || !hasMagicCookie(via.branch)) return rfc2543Key(request, via, method);
  return `${method} ${via.branch} ${via.host.toLowerCase()} ${via.port ?? ''}`;
}

/** The cookie is compared as a token, without regard to case. */
function hasMagicCookie(branch: string): boolean {
  return branch.startsWith(magicCookie) || branch.slice(0, magicCookie.length).toLowerCase() === magicCookie.toLowerCase();
}

/** Request-URI, tags, Call-ID, CSeq and the whole top Via; the tag that an ACK has got in To is left out (RFC 3261 §17.2.3). */
function rfc2543Key(request: SipRequest, via: Via, method: string): string {
  const { headers, uri } = request;
  const parts = [
    method,
    uri,
    method === 'INVITE' ? '' : (headers.value(toHeader)?.tag ?? ''),
    headers.value(fromHeader)?.tag ?? '',
    headers.value(callIdHeader) ?? '',
    String(headers.value(cseqHeader)?.sequence ?? ''),
    viaHeader.encode(via),
  ];
  // A line end stands in none of them.
  return parts.join('\n');
}
