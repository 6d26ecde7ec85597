/** What a proxy asks of a request before it forwards it (RFC 3261 §16.3); the syntax is checked already. */
import { maxForwardsHeader } from '../message/headers/max-forwards.ts';
import { proxyRequireHeader } from '../message/headers/proxy-require.ts';
import { unsupportedHeader } from '../message/headers/unsupported.ts';
import { Headers } from '../message/headers.ts';
import { Malformed } from '../message/malformed.ts';
import { requestUri, type SipRequest } from '../message/message.ts';

export interface ProxyRefusal {
  readonly status: 416 | 420 | 483;
  /** Stand in the answer. */
  readonly headers: Headers;
}

/** `extensions` are the option tags for proxies that are known here, in lower case. */
export function refusalOfProxy(request: SipRequest, extensions: ReadonlySet<string>): ProxyRefusal | undefined {
  const uri = requestUri(request);
  if (uri instanceof Malformed || uri.kind === 'other') return { status: 416, headers: Headers.of() };
  if (request.headers.value(maxForwardsHeader) === 0) return { status: 483, headers: Headers.of() };
  const unknown = (request.headers.all(proxyRequireHeader).value ?? []).filter((option) => !extensions.has(option.toLowerCase()));
  if (unknown.length === 0) return undefined;
  let headers = Headers.of();
  for (const option of unknown) headers = headers.append(unsupportedHeader, option);
  return { status: 420, headers };
}
