/** The messages that follow from an INVITE as it was sent. */
import { cseqHeader } from '../message/headers/cseq.ts';
import { toHeader } from '../message/headers/to.ts';
import { viaHeader } from '../message/headers/via.ts';
import type { Headers } from '../message/headers.ts';
import { emptyBody, type SipRequest, type SipResponse } from '../message/message.ts';

/** The ACK to a response other than 2xx (RFC 3261 §17.1.1.3): the INVITE's Via, the response's To where that can be read. */
export function acknowledgementOf(invite: SipRequest, response: SipResponse): SipRequest {
  const via = invite.headers.value(viaHeader);
  const to = response.headers.value(toHeader) === undefined ? undefined : response.headers.text('To');
  const named = withMethod(invite, 'ACK');
  const addressed = to === undefined ? named : named.with('To', to);
  return { ...invite, method: 'ACK', headers: via === undefined ? addressed : addressed.prepend(viaHeader, via), body: emptyBody };
}

/** The CANCEL (RFC 3261 §9.1), to be sent over the flow and with the branch of its INVITE, which gives it the same Via. */
export function cancelOf(invite: SipRequest, more: Headers): SipRequest {
  return { ...invite, method: 'CANCEL', headers: withMethod(invite, 'CANCEL').concat(more), body: emptyBody };
}

/** What names the INVITE or shows it its way, but Via. */
function withMethod({ headers }: SipRequest, method: string): Headers {
  const sequence = headers.value(cseqHeader)?.sequence ?? 0;
  return headers.filter(({ key }) => copied.has(key)).with(cseqHeader, { sequence, method });
}

const copied: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards', 'route']);
