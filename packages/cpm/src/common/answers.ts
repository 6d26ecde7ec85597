import { Headers, responseTo, retryAfterHeader, type SipRequest, type SipResponse } from '@opencpm/sip';
import { identityHeadersOf } from './cpm-headers.ts';

/** Warning texts of the family (wire facts 4). Their three-digit code is part of the text; the warn-code is 399. */
export const warnings = {
  anonymityNotAllowed: '119 Anonymity not allowed',
  functionNotAllowed: '122 Function not allowed',
  serviceNotAuthorised: '127 Service not authorised',
  versionNotSupported: '132 Version not supported',
} as const;

/** What a function answers when it does not accept: one place turns it into the response. */
export interface Refusal {
  readonly status: number;
  /** One of `warnings`. */
  readonly warning?: string;
  /** A whole Warning value that another function wrote. */
  readonly foreignWarning?: string;
  readonly retryAfterSeconds?: number;
  /** Content codings that would have been read (RFC 3261 §8.2.3). */
  readonly acceptEncoding?: string;
}

/** Who answers: goes into Server, Warning and the To tag. */
export interface AnsweringFunction {
  /** Host name of this function, the agent of a Warning. */
  readonly host: string;
  /** The whole Server value: release token and product. */
  readonly server: string;
  readonly newTag: () => string;
}

export const forbidden = (warning: string): Refusal => ({ status: 403, warning });

/** A response of this function: identity headers of the request, Server, and what `headers` adds (B-8.3.1.1-24). */
export function answer(request: SipRequest, status: number, self: AnsweringFunction, headers: Headers = Headers.of()): SipResponse {
  const own = Headers.from([...headers.raw, ...identityHeadersOf(request.headers)]).append('Server', self.server);
  return responseTo(request, status, { toTag: self.newTag(), headers: own });
}

export function refuse(request: SipRequest, refusal: Refusal, self: AnsweringFunction): SipResponse {
  let headers = Headers.of();
  if (refusal.warning !== undefined) headers = headers.with('Warning', `399 ${self.host} "${refusal.warning}"`);
  if (refusal.foreignWarning !== undefined) headers = headers.with('Warning', refusal.foreignWarning);
  if (refusal.acceptEncoding !== undefined) headers = headers.with('Accept-Encoding', refusal.acceptEncoding);
  if (refusal.retryAfterSeconds !== undefined) headers = headers.with('Retry-After', String(refusal.retryAfterSeconds));
  return answer(request, refusal.status, self, headers);
}

/** A refusal from further on keeps its Warning and Retry-After. */
export function refusalOf(response: SipResponse): Refusal {
  const retryAfter = response.headers.value(retryAfterHeader);
  const warning = response.headers.text('Warning');
  return {
    status: response.status,
    ...(warning === undefined ? {} : { foreignWarning: warning }),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter.seconds }),
  };
}
