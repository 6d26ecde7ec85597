/** What a proxy does with Route before it looks where a request goes (RFC 3261 §16.4). */
import { maxForwardsHeader } from '../message/headers/max-forwards.ts';
import { routeHeader } from '../message/headers/route.ts';
import { Malformed } from '../message/malformed.ts';
import { requestUri, type SipRequest } from '../message/message.ts';
import { formatUri, type SipUri } from '../uri/uri.ts';

export interface RouteInformation {
  /** Without the Route values that were for this proxy, and with the Request-URI that a strict router has moved. */
  readonly request: SipRequest;
  /** The values that were for this proxy, the topmost first. */
  readonly own: readonly SipUri[];
}

export interface OwnUris {
  /** Whether a Route value names this proxy. */
  isOwn(uri: SipUri): boolean;
  /** Whether a URI is one that this proxy has put into Record-Route. */
  isRecorded(uri: SipUri): boolean;
}

/** DEVIATION: maddr is not looked at, because with it whoever writes a URI could turn a request to somebody else. */
export function processRouteInformation(received: SipRequest, uris: OwnUris): RouteInformation {
  const moved = withoutStrictRoute(received, uris);
  const own = moved.recorded === undefined ? [] : [moved.recorded];
  let { request } = moved;
  for (let top = topRoute(request); top !== undefined && uris.isOwn(top); top = topRoute(request)) {
    own.push(top);
    request = { ...request, headers: request.headers.withoutFirst(routeHeader) };
  }
  return { request, own };
}

/** The SIP URI of the first Route value. */
export function topRoute({ headers }: SipRequest): SipUri | undefined {
  const uri = headers.value(routeHeader)?.uri;
  return uri?.kind === 'sip' ? uri : undefined;
}

interface Moved {
  readonly request: SipRequest;
  readonly recorded?: SipUri;
}

/** A strict router has put our Record-Route into the Request-URI, and what belongs there behind the last Route. */
function withoutStrictRoute(request: SipRequest, uris: OwnUris): Moved {
  const uri = requestUri(request);
  if (uri instanceof Malformed || uri.kind !== 'sip' || !uris.isRecorded(uri)) return { request };
  const routes = request.headers.all(routeHeader);
  const last = routes.kind === 'value' ? routes.value.at(-1) : undefined;
  if (routes.kind !== 'value' || last === undefined) return { request };
  let headers = request.headers.without(routeHeader);
  for (const route of routes.value.slice(0, -1)) headers = headers.append(routeHeader, route);
  return { request: { ...request, uri: formatUri(last.uri), headers }, recorded: uri };
}

/** Max-Forwards of a request that goes on; 70 where it has none (RFC 3261 §16.6 step 3). */
export function oneHopLess(request: SipRequest): SipRequest {
  const left = request.headers.value(maxForwardsHeader);
  const headers = request.headers.with(maxForwardsHeader, left === undefined ? usualHops : Math.max(0, left - 1));
  return { ...request, headers };
}

const usualHops = 70;
