import type { ClientAnswer, UserId } from '@opencpm/cpm';
import { type Endpoint, type Flow, formatUri, type Network, type SipRequest, type Target } from '@opencpm/sip';
import type { CoreContext } from './core-context.ts';
import type { Location } from './location.ts';
import type { LocatedBinding } from './stored-binding.ts';

/** RFC 3261 §18.1.1 when the path MTU is unknown: longer requests need a transport with congestion control. */
const longRequestOctets = 1300;

export interface Ways {
  readonly endpoint: Endpoint;
  readonly network: Network;
}

/** The way to clients: each request goes over the flow its client registered on, to his Contact, by his Path. */
export class ToClient {
  readonly #context: CoreContext;
  readonly #endpoint: Endpoint;

  constructor(context: CoreContext, { endpoint }: Ways) {
    this.#context = context;
    this.#endpoint = endpoint;
  }

  async send(owner: UserId, client: string, request: SipRequest, branch: string | undefined): Promise<ClientAnswer> {
    const { location } = this.#context;
    const binding = location.of(owner).find((candidate) => candidate.client === client);
    if (binding === undefined) return { kind: 'not-registered' };
    const outgoing = addressed(request, binding);
    const target = targetOf(binding, outgoing, location);
    if (target === undefined) {
      location.markUnreachable(binding);
      return { kind: 'unreachable', reason: 'the flow is gone' };
    }
    const outcome = await this.#endpoint.request(outgoing, target, branch === undefined ? {} : { branch });
    if (outcome.kind === 'response') return { kind: 'answered', response: outcome.response };
    const reason = outcome.kind === 'timeout' ? 'no answer' : outcome.reason;
    // Silence and the end of his connection are the client's; a limit or a request too long is ours.
    if (outcome.kind === 'transport-failure' && !('flow' in target && target.flow.closed)) return { kind: 'not-sent', reason };
    location.markUnreachable(binding);
    return { kind: 'unreachable', reason };
  }
}

/** Decision 41: a long request takes a live connection of the same instance, else the client's address by TCP, else UDP. */
function targetOf(binding: LocatedBinding, request: SipRequest, location: Location): Target | undefined {
  const { flow, stored, transport } = binding;
  if (transport === 'TCP') return flow === undefined || flow.closed ? undefined : { flow };
  if (isLong(request)) {
    const connection = connectionOfInstance(binding, location);
    return connection === undefined ? { transport, address: stored.remote } : { flow: connection };
  }
  // After a restart a UDP client is found at the address that it registered from.
  return flow === undefined ? { transport, address: stored.remote } : { flow };
}

function connectionOfInstance(binding: LocatedBinding, location: Location): Flow | undefined {
  const sibling = location
    .of(binding.owner)
    .find(
      (other) => other.transport === 'TCP' && !other.unreachable && binding.instance !== undefined && other.instance === binding.instance,
    );
  return sibling?.flow?.closed === false ? sibling.flow : undefined;
}

/** Request-URI is the Contact, Route the Path (RFC 3261 §16.6, RFC 3327 §5.3). */
function addressed(request: SipRequest, binding: LocatedBinding): SipRequest {
  let headers = request.headers;
  for (const path of binding.path) headers = headers.append('Route', path);
  return { ...request, uri: formatUri(binding.contact), headers };
}

/** As it will be on the wire, with the Via that the endpoint adds. */
function isLong(request: SipRequest): boolean {
  let octets = viaAllowanceOctets + request.method.length + request.uri.length + request.body.length;
  for (const header of request.headers.raw) octets += header.name.length + header.value.length + 4;
  return octets > longRequestOctets;
}

const viaAllowanceOctets = 120;
