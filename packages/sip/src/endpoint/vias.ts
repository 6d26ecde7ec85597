/** What a server adds to the top Via and reads from it (RFC 3261 §18.2, RFC 3581). */
import { type Via, viaHeader } from '../message/headers/via.ts';
import type { SipRequest } from '../message/message.ts';
import type { Flow, HostPort } from '../platform.ts';
import type { Listeners } from './listeners.ts';
import type { EndpointOptions } from './options.ts';
import type { ReplyPath } from './server-transactions.ts';

/** RFC 3261 §18.2.2, for a sent-by without port. */
const defaultPort = 5060;

type ReplyOptions = Pick<EndpointOptions, 'network' | 'followsSentBy'>;

/** The request with `received` and `rport` in its top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export function withSource(request: SipRequest, via: Via, source: HostPort): SipRequest {
  const asksForPort = via.rport !== undefined;
  const received = asksForPort || via.host !== source.host ? source.host : undefined;
  if (!asksForPort && received === via.received) return request;
  const top: Via = { ...via, received, rport: asksForPort ? source.port : undefined };
  return { ...request, headers: request.headers.withoutFirst(viaHeader).prepend(viaHeader, top) };
}

/**
 * The flow that responses take: back where the request came from; without rport over UDP to the port of sent-by; over
 * a new connection when the one of the request is gone (RFC 3261 §18.2.2, RFC 3581 §4), and if nobody takes that and
 * the peer's word counts, to where sent-by says (RFC 3263 §5).
 * DEVIATION: maddr is not followed, nor the sent-by of just any peer, because a forged one would turn this server
 * against somebody else.
 */
export function replyPath(via: Via, flow: Flow, listeners: Listeners, options: ReplyOptions): ReplyPath {
  const sentBy = { host: flow.remote.host, port: via.port ?? defaultPort };
  if (flow.transport === 'TCP') {
    const isElsewhere = via.host !== flow.remote.host && options.followsSentBy?.(flow.remote) === true;
    return isElsewhere ? { flow, fallback: sentBy, sentBy: via } : { flow, fallback: sentBy };
  }
  if (via.rport !== undefined || sentBy.port === flow.remote.port) return { flow, fallback: undefined };
  const bound = listeners.ofFlow(flow);
  return { flow: bound === undefined ? flow : options.network.datagramFlow(bound.listener, sentBy), fallback: undefined };
}
