import { anonymityRequested } from '@opencpm/cpm';
import { type ClientOutcome, formatUri, type ProxyTarget, type SipRequest, type SipResponse, type SipUri, type Target } from '@opencpm/sip';
import type { CoreContext } from './core-context.ts';
import { Detours } from './detours.ts';
import { sameInstance } from './gruu.ts';
import type { NextHops } from './next-hops.ts';
import type { ProxyTokens } from './proxy-tokens.ts';
import type { LocatedBinding } from './stored-binding.ts';
import type { TrustedPeers } from './trusted-peers.ts';
import type { Ways } from './ways.ts';

export interface ProxyTargetParts {
  readonly context: CoreContext;
  readonly ways: Ways;
  readonly nextHops: NextHops;
  readonly trustedPeers: TrustedPeers;
  readonly tokens: ProxyTokens;
}

/** Where requests that no function claims can go, each with what is particular to it. */
export class ProxyTargets {
  readonly #parts: ProxyTargetParts;
  readonly #detours: Detours;

  constructor(parts: ProxyTargetParts) {
    this.#parts = parts;
    this.#detours = new Detours(parts.ways, parts.context.location);
  }

  /** The live clients of a user, or the one device; each device once, where it registered last. `caller` as for a route. */
  clients(request: SipRequest, of: ServedUser, caller: Target | undefined): readonly ProxyTarget[] {
    const { location, clock } = this.#parts.context;
    const now = clock.now();
    const live = location
      .of(of.owner)
      .filter(({ unreachable, expiresAt }) => !unreachable && expiresAt > now)
      .filter(({ instance }) => of.instance === undefined || sameInstance(instance, of.instance));
    return latestOfEachDevice(live).map((binding) => this.#client(request, binding, caller));
  }

  /** To another domain. `caller` is where he is who sends the request that begins a dialog, if he sent it himself. */
  route(request: SipRequest, nextHop: SipUri, caller: Target | undefined): ProxyTarget {
    const loose = { ...nextHop, parameters: nextHop.parameters.with('lr', true) };
    return { ...this.#onward(), routes: [`<${formatUri(loose)}>`], ...this.#recorded(request, () => ({ caller })) };
  }

  /** Within a dialog: by its Route, else to where its receiver was seen, else to his Contact. */
  inDialog(request: SipRequest, receiver: Target | undefined): ProxyTarget {
    const { nextHops } = this.#parts;
    if (request.headers.has('Route') || receiver === undefined) return this.#onward();
    return { ...this.#onward(), locate: async (uri) => [receiver, ...(await nextHops.targets(uri))] };
  }

  #onward(): Pick<ProxyTarget, 'locate' | 'finish' | 'clean'> & { tried(place: Target, outcome: ClientOutcome): void } {
    const { nextHops } = this.#parts;
    return {
      locate: (uri) => nextHops.targets(uri),
      tried: (place, outcome) => void nextHops.tried(place, outcome),
      finish: (request, place) => this.#withoutWithheldIdentity(request, place),
      clean: (response, place) => this.#withoutForeignIdentity(response, place),
    };
  }

  #client(request: SipRequest, binding: LocatedBinding, caller: Target | undefined): ProxyTarget {
    const addressed = { ...this.#onward(), uri: formatUri(binding.contact), routes: binding.path, q: binding.q, unreachableStatus: 480 };
    const { edge } = binding;
    if (edge !== undefined) return { ...addressed, ...this.#behindEdge(binding, edge), ...this.#recorded(request, () => ({ caller })) };
    return {
      ...addressed,
      locate: () => placesOf(binding),
      tried: (place, outcome) => this.#triedClient(binding, place, outcome),
      detour: () => this.#detours.find(binding, addressedTo(request, binding)),
      ...this.#recorded(request, (called) => ({ caller, called })),
    };
  }

  /** RFC 3327 §5.3; the flow that the edge has brought the client on is there when nothing else is. */
  #behindEdge(binding: LocatedBinding, edge: SipUri): Pick<ProxyTarget, 'locate'> & Required<Pick<ProxyTarget, 'tried'>> {
    const { nextHops, context } = this.#parts;
    return {
      locate: async () => [...(await nextHops.targets(edge)), ...placesOf(binding)],
      tried: (place, outcome) => {
        // Only silence is the client's: what the edge itself is not fit for says nothing about him.
        if (outcome.kind === 'timeout') context.location.markUnreachable(binding);
        else nextHops.tried(place, outcome);
      },
    };
  }

  /** Silence and the end of his connection are the client's; a limit or a request too long is ours. */
  #triedClient(binding: LocatedBinding, place: Target, outcome: ClientOutcome): void {
    const isGone = outcome.kind === 'timeout' || (outcome.kind === 'transport-failure' && 'flow' in place && place.flow.closed);
    if (isGone) this.#parts.context.location.markUnreachable(binding);
  }

  #recorded(request: SipRequest, places: (place: Target) => Parameters<ProxyTokens['issue']>[1]): Pick<ProxyTarget, 'recordRoute'> {
    if (!beginsDialog(request)) return {};
    return { recordRoute: (place) => this.#parts.tokens.issue(request, places(place)) };
  }

  /** RFC 3325 §5: an identity that its owner wants withheld does not leave the circle of trust. */
  #withoutWithheldIdentity(request: SipRequest, place: Target): SipRequest {
    if (!anonymityRequested(request.headers) || this.#trusts(place)) return request;
    return { ...request, headers: request.headers.without('P-Asserted-Identity') };
  }

  /** What somebody says of himself whom nobody trusts goes no further. */
  #withoutForeignIdentity(response: SipResponse, place: Target): SipResponse {
    if (this.#trusts(place) || !response.headers.has('P-Asserted-Identity')) return response;
    return { ...response, headers: response.headers.without('P-Asserted-Identity') };
  }

  #trusts(place: Target): boolean {
    return this.#parts.trustedPeers.includes('flow' in place ? place.flow.remote.host : place.address.host);
  }
}

export interface ServedUser {
  readonly owner: LocatedBinding['owner'];
  /** The one device that a GRUU names (RFC 5627). */
  readonly instance?: string | undefined;
}

/** After a restart a UDP client is found at the address that it registered from, a connection is gone. */
function placesOf({ flow, stored, transport }: LocatedBinding): readonly Target[] {
  if (flow !== undefined && !flow.closed) return [{ flow }];
  return transport === 'TCP' ? [] : [{ transport, address: stored.remote }];
}

/** A device that registered over several flows gets one request (RFC 5626 §5.3). */
function latestOfEachDevice(bindings: readonly LocatedBinding[]): readonly LocatedBinding[] {
  const byDevice = new Map<string, LocatedBinding>();
  for (const binding of bindings) {
    const device = binding.instance?.toLowerCase() ?? binding.client;
    const known = byDevice.get(device);
    if (known === undefined || known.registeredAt < binding.registeredAt) byDevice.set(device, binding);
  }
  return [...byDevice.values()];
}

function addressedTo(request: SipRequest, binding: LocatedBinding): SipRequest {
  let { headers } = request;
  for (const path of [...binding.path].reverse()) headers = headers.prepend('Route', path);
  return { ...request, uri: formatUri(binding.contact), headers };
}

/** All but those of which it is known that they begin none (RFC 3261 §16.6 step 4). */
function beginsDialog({ method, headers }: SipRequest): boolean {
  return !outsideDialogs.has(method) && !/;\s*tag\s*=/i.test(headers.text('To') ?? '');
}

const outsideDialogs: ReadonlySet<string> = new Set(['OPTIONS', 'INFO', 'PUBLISH', 'BYE', 'PRACK', 'UPDATE']);
