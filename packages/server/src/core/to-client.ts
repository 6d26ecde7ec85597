import type { ClientAnswer, UserId } from '@opencpm/cpm';
import { type ConnectResult, type Endpoint, formatUri, type SipRequest, type Target } from '@opencpm/sip';
import type { ClientsElsewhere } from './clients-elsewhere.ts';
import type { CoreContext } from './core-context.ts';
import { Detours } from './detours.ts';
import type { NextHops } from './next-hops.ts';
import type { LocatedBinding } from './stored-binding.ts';
import { ToEdge } from './to-edge.ts';
import type { Ways } from './ways.ts';

/** The way to clients: each request goes over the flow its client registered on or to the edge in front of him, to his Contact, by his Path. */
export class ToClient {
  readonly #context: CoreContext;
  readonly #endpoint: Endpoint;
  readonly #detours: Detours;
  readonly #edges: ToEdge;
  readonly #elsewhere: ClientsElsewhere | undefined;

  constructor(context: CoreContext, ways: Ways, nextHops: NextHops, elsewhere?: ClientsElsewhere) {
    this.#context = context;
    this.#endpoint = ways.endpoint;
    this.#detours = new Detours(ways, context.location);
    this.#elsewhere = elsewhere;
    this.#edges = new ToEdge(context.location, ways.endpoint, nextHops);
  }

  send(owner: UserId, client: string, request: SipRequest, branch: string | undefined): Promise<ClientAnswer> {
    const { location } = this.#context;
    const binding = location.of(owner).find((candidate) => candidate.client === client);
    if (binding === undefined) return Promise.resolve({ kind: 'not-registered' });
    if (!location.isHere(binding)) return this.#sendElsewhere(request, binding, branch);
    const { edge } = binding;
    if (edge !== undefined) return this.#edges.send(addressed(request, binding), { binding, edge, branch });
    const target = targetOf(binding);
    if (target === undefined) {
      location.markUnreachable(binding);
      return Promise.resolve({ kind: 'unreachable', reason: 'the flow is gone', untried: true });
    }
    return this.#request(addressed(request, binding), { binding, target, branch });
  }

  /** Its node knows what became of the client, and says so to all. */
  #sendElsewhere(request: SipRequest, binding: LocatedBinding, branch: string | undefined): Promise<ClientAnswer> {
    if (this.#elsewhere === undefined) return Promise.resolve({ kind: 'not-sent', reason: 'the client is another node’s' });
    return this.#elsewhere.send(request, binding, branch);
  }

  async #request(request: SipRequest, { binding, target, branch }: Way): Promise<ClientAnswer> {
    let detour: ConnectResult | undefined;
    const outcome = await this.#endpoint.request(request, target, {
      ...(branch !== undefined && { branch }),
      detour: async () => {
        detour = await this.#detours.find(binding, request);
        return detour;
      },
    });
    if (outcome.kind === 'response') {
      if (detour?.kind === 'connected') this.#detours.answered(detour.flow);
      // A client that a push has found again counts as registered again.
      if (binding.unreachable && binding.flow !== undefined) this.#context.location.heardOf([binding], binding.flow);
      return { kind: 'answered', response: outcome.response };
    }
    const reason = outcome.kind === 'timeout' ? 'no answer' : outcome.reason;
    if (detour?.kind === 'connected') {
      // Says nothing about the client's own flow, by which the next request goes.
      this.#detours.failed(binding, detour.flow, reason);
      return { kind: 'unreachable', reason };
    }
    // Silence and the end of his connection are the client's; a limit or a request too long is ours.
    if (outcome.kind === 'transport-failure' && !('flow' in target && target.flow.closed)) return { kind: 'not-sent', reason };
    this.#context.location.markUnreachable(binding);
    return { kind: 'unreachable', reason };
  }
}

interface Way {
  readonly binding: LocatedBinding;
  readonly target: Target;
  readonly branch: string | undefined;
}

/** After a restart a UDP client is found at the address that it registered from, a connection is gone. */
function targetOf({ flow, stored, transport }: LocatedBinding): Target | undefined {
  if (transport === 'TCP') return flow === undefined || flow.closed ? undefined : { flow };
  return flow === undefined ? { transport, address: stored.remote } : { flow };
}

/**
 * Request-URI is the Contact, Route the Path (RFC 3261 §16.6, RFC 3327 §5.3). Which address or GRUU of his the request
 * was for, the client still learns (RFC 7315 §4.2).
 */
function addressed(request: SipRequest, binding: LocatedBinding): SipRequest {
  let headers = request.headers.with('P-Called-Party-ID', `<${request.uri}>`);
  for (const path of binding.path) headers = headers.append('Route', path);
  return { ...request, uri: formatUri(binding.contact), headers };
}
