import { parseUri, type Uri } from '../uri/uri.ts';
import type { Headers } from './headers.ts';
import type { Malformed } from './malformed.ts';

/** Immutable. `uri` is the Request-URI as written, an octet string; `body` may share memory with what was received. */
export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Immutable. `status` is 100 to 699; `reason` is an octet string and may be empty. */
export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;

/** The body of a message without one. */
export const emptyBody: Uint8Array = new Uint8Array(0);

/** The Request-URI, decoded once per request. */
export function requestUri(request: SipRequest): Uri | Malformed {
  const known = decodedUris.get(request);
  if (known !== undefined) return known;
  const uri = parseUri(request.uri);
  decodedUris.set(request, uri);
  return uri;
}

const decodedUris = new WeakMap<SipRequest, Uri | Malformed>();
