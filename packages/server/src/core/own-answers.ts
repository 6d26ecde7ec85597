import { Headers, proxyRequireHeader, requireHeader, responseTo, type SipRequest, type SipResponse, toHeader } from '@opencpm/sip';
import type { CoreContext } from './core-context.ts';
import { registrarExtensions } from './registration-answer.ts';

/** Methods that this server itself answers; it is a proxy for all of them. */
const allowedMethods: readonly string[] = ['REGISTER', 'MESSAGE', 'OPTIONS'];

function allowHeaders(): Headers {
  return Headers.of(['Allow', allowedMethods.join(', ')]);
}

/** RFC 3261 §8.2.2.3 and §16.3 step 5, for all options but those that the registrar knows. */
export function unsupportedExtension(request: SipRequest): SipResponse | undefined {
  const required = request.headers.all(requireHeader).value ?? [];
  const ofProxies = request.headers.all(proxyRequireHeader).value ?? [];
  const unknown = [...required, ...ofProxies].filter((option) => !registrarExtensions.includes(option.toLowerCase()));
  if (unknown.length === 0) return undefined;
  return responseTo(request, 420, { headers: Headers.of(['Unsupported', unknown.join(', ')]) });
}

/** To a request for the server itself: OPTIONS of a peer that looks whether we are there; nobody lives at that address. */
export function ownAnswer(request: SipRequest, { self }: CoreContext): SipResponse {
  if (!allowedMethods.includes(request.method)) return responseTo(request, 405, { headers: allowHeaders() });
  if (request.method !== 'OPTIONS') return responseTo(request, 404);
  const headers = allowHeaders().with('Accept', 'message/cpim, text/plain').with('Server', self.server);
  return responseTo(request, 200, { headers });
}

/** A response from further on in answer to our own request: its own headers, our transaction's names. */
export function relayed(request: SipRequest, response: SipResponse): SipResponse {
  const headers = response.headers.filter((header) => !transactional.has(header.key));
  const status = relayedStatus(response.status);
  const reason = status === response.status ? { reason: response.reason } : {};
  return responseTo(request, status, { ...reason, headers });
}

const transactional: ReadonlySet<string> = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'content-length',
  'record-route',
  'www-authenticate',
  'proxy-authenticate',
]);

/** 408 may not answer MESSAGE (RFC 4320 §4.1); who asks us for credentials there does not let our users in. */
function relayedStatus(status: number): number {
  if (status === 408) return 480;
  return status === 401 || status === 407 ? 403 : status;
}

/** Every final response but a relayed one is ours and so has our tag (RFC 3261 §8.2.6.2). */
export function withToTag(response: SipResponse, newTag: () => string): SipResponse {
  const to = response.headers.value(toHeader);
  if (to === undefined || to.tag !== undefined) return response;
  return { ...response, headers: response.headers.with('To', `${response.headers.text('To') ?? ''};tag=${newTag()}`) };
}
