/** The request as it goes to one place (RFC 3261 §16.6 steps 1 to 7); the endpoint puts the Via on it. */
import type { OwnAddress } from '../endpoint/invite-options.ts';
import { routeHeader } from '../message/headers/route.ts';
import { Malformed } from '../message/malformed.ts';
import { requestUri, type SipRequest } from '../message/message.ts';
import { formatUri, type SipUri } from '../uri/uri.ts';
import { oneHopLess } from './route-information.ts';

/** Where a request goes on. */
export interface Destination {
  /** The Request-URI, an octet string; that of the request stays when there is none. */
  readonly uri?: string;
  /** Put above the Route of the request, the first one on top: a Path, or a next hop by configuration. */
  readonly routes?: readonly string[];
}

export interface Forwarded {
  readonly request: SipRequest;
  /** Whom it is sent to (step 7); undefined when that is no SIP URI. */
  readonly nextHop: SipUri | undefined;
}

export function forwardedRequest(received: SipRequest, { uri = received.uri, routes = [] }: Destination): Forwarded {
  let { headers } = oneHopLess(received);
  for (const route of [...routes].reverse()) headers = headers.prepend('Route', route);
  return routed({ ...received, uri, headers });
}

/** Step 6: a next hop without `lr` takes the place of the Request-URI, which moves behind the last Route. */
function routed(request: SipRequest): Forwarded {
  const top = request.headers.value(routeHeader)?.uri;
  if (top === undefined) return { request, nextHop: sipUri(request) };
  if (top.kind !== 'sip') return { request, nextHop: undefined };
  if (top.parameters.has('lr')) return { request, nextHop: top };
  const headers = request.headers.withoutFirst(routeHeader).append('Route', `<${request.uri}>`);
  return { request: { ...request, uri: formatUri(top), headers }, nextHop: top };
}

function sipUri(request: SipRequest): SipUri | undefined {
  const uri = requestUri(request);
  return uri instanceof Malformed || uri.kind !== 'sip' ? undefined : uri;
}

/**
 * Record-Route (step 4): one value where both sides reach this proxy the same way, else one for each side, the one for
 * the next hop on top (RFC 5658 §4.1). `user` is the user part, that this proxy knows its own by.
 */
export function withRecordRoute(request: SipRequest, user: string, from: OwnAddress, to: OwnAddress): SipRequest {
  let headers = request.headers.prepend('Record-Route', recordRoute(user, from));
  if (from.transport !== to.transport || from.sentBy !== to.sentBy) headers = headers.prepend('Record-Route', recordRoute(user, to));
  return { ...request, headers };
}

function recordRoute(user: string, { transport, sentBy }: OwnAddress): string {
  const parameter = transport === 'UDP' ? '' : `;transport=${transport.toLowerCase()}`;
  return `<sip:${user}@${sentBy}${parameter};lr>`;
}
