import { agreedContentLength } from './content-length.ts';
import type { HeaderField } from './header-field.ts';
import { callIdHeader } from './headers/call-id.ts';
import { cseqHeader } from './headers/cseq.ts';
import { fromHeader } from './headers/from.ts';
import { maxForwardsHeader } from './headers/max-forwards.ts';
import { toHeader } from './headers/to.ts';
import { viaHeader } from './headers/via.ts';
import type { Headers } from './headers.ts';
import { Malformed } from './malformed.ts';
import { requestUri, type SipRequest } from './message.ts';

/** Why a request is refused before anybody looks at what it asks for. */
export interface RequestProblem {
  /** The status to answer with. */
  readonly status: number;
  /** Public text for the Reason-Phrase. */
  readonly reason: string;
}

/**
 * What every element checks (RFC 3261 §8.1.1, §8.2, §16.3 step 1): the mandatory headers are there, once and well
 * formed, and CSeq names the method. Headers that only a procedure needs (Contact, Date …) are left to it, as is the
 * scheme of the Request-URI. A missing Max-Forwards is let through (RFC 3261 §16.3 step 3).
 */
export function checkRequest(request: SipRequest): RequestProblem | undefined {
  const reason = syntaxFault(request);
  return reason === undefined ? undefined : { status: 400, reason };
}

function syntaxFault(request: SipRequest): string | undefined {
  const { headers } = request;
  const uri = requestUri(request);
  if (uri instanceof Malformed) return `Malformed Request-URI: ${uri.reason}`;
  // RFC 3261 §19.1.1 Table 1; what is passed on must not carry them (RFC 4475 §3.1.2.11).
  if (uri.kind === 'sip' && uri.headers !== '') return 'Malformed Request-URI: it has headers';
  for (const field of mandatory) {
    const fault = headerFault(headers, field);
    if (fault !== undefined) return fault;
  }
  const maxForwards = headers.get(maxForwardsHeader);
  if (maxForwards.kind === 'malformed') return `Malformed Max-Forwards: ${maxForwards.reason}`;
  if (headers.value(cseqHeader)?.method !== request.method) return 'CSeq names another method';
  return repeated(headers) ?? contentLengthFault(headers);
}

const mandatory: readonly HeaderField<unknown>[] = [viaHeader, fromHeader, toHeader, callIdHeader, cseqHeader];

function headerFault(headers: Headers, field: HeaderField<unknown>): string | undefined {
  const decoded = headers.get(field);
  if (decoded.kind === 'absent') return `Missing ${field.name}`;
  return decoded.kind === 'malformed' ? `Malformed ${field.name}: ${decoded.reason}` : undefined;
}

/** Headers that may stand in a message once. */
const singletons = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-type'];

function repeated(headers: Headers): string | undefined {
  let seen = 0;
  for (const { key } of headers.raw) {
    const place = singletons.indexOf(key);
    if (place < 0) continue;
    if ((seen & (1 << place)) !== 0) return `Two ${key} headers`;
    seen |= 1 << place;
  }
  return undefined;
}

function contentLengthFault(headers: Headers): string | undefined {
  const length = agreedContentLength(headers.texts('Content-Length'));
  return length instanceof Malformed ? length.reason : undefined;
}
