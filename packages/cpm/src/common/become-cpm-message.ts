import { type ContentType, composeCpim, formatCpim, isPayloadProblem, mediaType, parseContentType, rfc3339 } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import type { ContentCodings, Ids } from '../ports.ts';
import { anonymityRequested, anonymousUri, claimedAddress } from './addresses.ts';
import type { Refusal } from './answers.ts';
import { cpimOf } from './cpim-of.ts';
import { contributionIdHeader, conversationIdHeader } from './cpm-headers.ts';
import { contributionId, conversationId } from './identifiers.ts';
import { acceptContactFor, requestedServices } from './service-tags.ts';

export type Become = { readonly kind: 'cpm'; readonly request: SipRequest } | { readonly kind: 'refused'; readonly refusal: Refusal };

interface BecomingPorts {
  readonly ids: Ids;
  readonly contentCodings: ContentCodings;
}

const cpimType = 'message/cpim';

/**
 * Gives a MESSAGE what makes it a CPM one when it has not got it: feature tag, the two ids, the CPIM wrapper. A plain
 * MESSAGE asks for no notification, because its sender could not read one. Changes nothing in a CPM message.
 */
export function becomeCpmMessage(request: SipRequest, ports: BecomingPorts, now: number): Become {
  const services = requestedServices(request.headers);
  if (services.size > 0 && !services.has('msg') && !services.has('deferred')) return refused({ status: 488 });
  const decoded = withoutContentEncoding(request, ports.contentCodings);
  if (decoded === undefined) return refused({ status: 415, acceptEncoding: ports.contentCodings.names.join(', ') });
  const type = parseContentType(decoded.headers.text('Content-Type') ?? 'text/plain');
  if (isPayloadProblem(type)) return refused({ status: 400 });
  const wrapped = mediaType(type) === cpimType ? decoded : wrapInCpim(decoded, type, ports.ids, now);
  const cpim = cpimOf(wrapped.body);
  if (isPayloadProblem(cpim)) return refused({ status: cpim.code.startsWith('too-') ? 413 : 400 });
  return { kind: 'cpm', request: withIdentity(wrapped, services.size === 0, ports.ids) };
}

function refused(refusal: Refusal): Become {
  return { kind: 'refused', refusal };
}

/**
 * The body as it was before it was encoded: what is inside has to be read here, and no CPM client need know the coding.
 * Undefined when it cannot be decoded (RFC 3261 §8.2.3).
 */
function withoutContentEncoding(request: SipRequest, codings: ContentCodings): SipRequest | undefined {
  const coding = request.headers.text('Content-Encoding')?.trim().toLowerCase();
  if (coding === undefined) return request;
  const body = coding === 'identity' ? request.body : codings.decode(coding, request.body);
  return body === undefined ? undefined : { ...request, headers: request.headers.without('Content-Encoding'), body };
}

function wrapInCpim(request: SipRequest, type: ContentType, ids: Ids, now: number): SipRequest {
  const sender = anonymityRequested(request.headers) ? anonymousUri : claimedAddress(request);
  const disposition = mediaType(type) === 'message/imdn+xml' ? 'notification' : request.headers.text('Content-Disposition');
  const cpim = composeCpim({
    from: { uri: sender },
    to: [{ uri: request.uri }],
    dateTime: rfc3339(now),
    messageId: ids.unique(),
    contentType: type,
    ...(disposition === undefined ? {} : { contentDisposition: disposition }),
    content: request.body,
  });
  const headers = request.headers.with('Content-Type', cpimType).without('Content-Disposition');
  return { ...request, headers, body: formatCpim(cpim) };
}

function withIdentity(request: SipRequest, needsTag: boolean, ids: Ids): SipRequest {
  let headers = request.headers;
  if (needsTag) headers = headers.append('Accept-Contact', acceptContactFor('msg'));
  if (!headers.has(conversationIdHeader)) headers = headers.append(conversationIdHeader, conversationId(ids.uuid()));
  if (!headers.has(contributionIdHeader)) headers = headers.append(contributionIdHeader, contributionId(ids.unique()));
  return headers === request.headers ? request : { ...request, headers };
}
