import { type Binding, type ClientAnswer, type Hop, remainingForwards, type ServedRequest, type SipCore, type UserId } from '@opencpm/cpm';
import {
  type Flow,
  maxForwardsHeader,
  pAssertedIdentityHeader,
  responseTo,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
} from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import { assertedIdentity, believedIdentity, claimedIdentities, withAssertedIdentity } from './asserted-identity.ts';
import { type Authentication, withoutOwnCredentials } from './authentication.ts';
import type { ClientsElsewhere } from './clients-elsewhere.ts';
import type { CoreContext } from './core-context.ts';
import type { NextHops } from './next-hops.ts';
import { ownAnswer, unsupportedExtension, withToTag } from './own-answers.ts';
import { type Entered, type ProxyRequestParts, ProxyRequests } from './proxy-requests.ts';
import { register } from './registrar.ts';
import type { Destination, Routing } from './routing.ts';
import { heardClients, sendingClients } from './sending-clients.ts';
import type { LocatedBinding } from './stored-binding.ts';
import { ToClient } from './to-client.ts';
import type { TrustedPeers } from './trusted-peers.ts';
import type { Ways } from './ways.ts';

/** The functions that the core hands requests to, by the case of the served user. */
export interface ServingFunctions {
  originating(served: ServedRequest): Promise<SipResponse>;
  terminating(served: ServedRequest): Promise<SipResponse>;
  /** After the 200 to a REGISTER, or when clients are heard of again; `before` is how they were bound until then. */
  registered(bindings: readonly LocatedBinding[], before: readonly LocatedBinding[]): void;
}

export interface CoreParts extends Pick<ProxyRequestParts, 'proxy' | 'tokens'> {
  readonly context: CoreContext;
  readonly authentication: Authentication;
  readonly routing: Routing;
  readonly trustedPeers: TrustedPeers;
  readonly ways: Ways;
  readonly nextHops: NextHops;
  /** Present when there are several nodes. */
  readonly elsewhere?: ClientsElsewhere;
  /** Told of each request that has got its final answer. */
  readonly answered: (request: SipRequest, status: number) => void;
}

/**
 * The embedded SIP/IP core: authenticates, asserts identities, knows where users are and who serves them. Behind an
 * IMS core it is switched off and the same functions are entered from the wire.
 */
export class EmbeddedCore implements SipCore {
  readonly #parts: CoreParts;
  readonly #toClient: ToClient;
  readonly #proxied: ProxyRequests;
  #functions: ServingFunctions | undefined;

  constructor(parts: CoreParts) {
    this.#parts = parts;
    this.#toClient = new ToClient(parts.context, parts.ways, parts.nextHops, parts.elsewhere);
    this.#proxied = new ProxyRequests({ ...parts, enter: (transaction) => this.#enter(transaction) });
  }

  /** Joins core and functions; they call each other. */
  serveWith(functions: ServingFunctions): void {
    this.#functions = functions;
  }

  /** Every request from the network. */
  async received(transaction: ServerTransaction): Promise<void> {
    if (!isOfFunctions(transaction.request)) return this.#proxied.received(transaction);
    const unsupported = unsupportedExtension(transaction.request);
    if (unsupported !== undefined) return this.#respond(transaction, unsupported);
    if (transaction.request.method === 'REGISTER') return this.#register(transaction);
    const response = await this.#request(transaction);
    if (response === 'dropped') transaction.discard();
    else this.#respond(transaction, response);
  }

  /** Every ACK to a 2xx; it has no answer. */
  acknowledged(request: SipRequest, flow: Flow): Promise<void> {
    return this.#proxied.acknowledged(request, flow.remote.host);
  }

  #respond(transaction: ServerTransaction, response: SipResponse): void {
    transaction.respond(withToTag(response, this.#parts.context.self.newTag));
    this.#parts.answered(transaction.request, response.status);
  }

  async #register(transaction: ServerTransaction): Promise<void> {
    const { authentication, context } = this.#parts;
    const authenticated = authentication.registrant(transaction);
    if (authenticated.kind === 'dropped') return transaction.discard();
    if (authenticated.kind === 'refused') return this.#respond(transaction, authenticated.response);
    const before = context.location.of(authenticated.user.owner);
    const { request, flow, source } = transaction;
    const { response, registered } = await register({ request, user: authenticated.user, flow, source }, this.#parts);
    this.#respond(transaction, response);
    this.#serving().registered(registered, before);
  }

  /** Anything but REGISTER: who sends it, who serves him, else onward. */
  #request(transaction: ServerTransaction): Promise<SipResponse> | SipResponse | 'dropped' {
    const { request } = transaction;
    const { routing, context } = this.#parts;
    const destination = routing.destination(request);
    if (destination.kind === 'self') return ownAnswer(request, context);
    // A scheme that nobody knows is refused before anybody is asked who he is (RFC 3261 §16.3 steps 2 and 6). With an ISF
    // somebody may know it (E-8.2.1.2-26).
    const isForeign = destination.kind === 'none' && destination.status === 416;
    if (isForeign && context.configuration.isf === undefined) return responseTo(request, 416);
    // A request that has used up its hops goes no further (RFC 3261 §16.3 step 3).
    if (request.headers.value(maxForwardsHeader) === 0) return responseTo(request, 483);
    if (request.body.length > context.configuration.limits.bodyOctets) return responseTo(request, 413);
    const entered = this.#entered(transaction);
    if (entered.kind === 'dropped') return 'dropped';
    if (entered.kind === 'refused') return entered.response;
    return this.#originate(entered.request, entered.user, transaction.flow);
  }

  #entered(transaction: ServerTransaction): Entered {
    const isTrusted = this.#parts.trustedPeers.includes(transaction.source.host);
    return isTrusted ? this.#believed(transaction.request) : this.#authenticated(transaction);
  }

  /** The same for a request that is proxied. */
  #enter(transaction: ServerTransaction): Entered {
    const entered = this.#entered(transaction);
    if (entered.kind === 'entered' && entered.user !== undefined) this.#heard(entered.user, entered.request, transaction.flow);
    return entered;
  }

  /** A trusted peer's word counts; when its sender is our user, he is served like any other. */
  #believed(request: SipRequest): Entered {
    const believed = believedIdentity(request);
    if (believed === undefined) return { kind: 'refused', response: responseTo(request, 403) };
    const asserted = believed.headers.value(pAssertedIdentityHeader);
    return {
      kind: 'entered',
      request: believed,
      user: asserted === undefined ? undefined : this.#parts.context.directory.byUri(asserted.uri),
    };
  }

  #authenticated(transaction: ServerTransaction): Entered {
    const { authentication, context } = this.#parts;
    const { request } = transaction;
    const claimed = claimedIdentities(request).map((identity) => context.directory.byUri(identity.uri));
    const authenticated = authentication.sender(transaction, claimed[0]);
    if (authenticated.kind !== 'user') return authenticated;
    const { user } = authenticated;
    const identity = assertedIdentity(request, user, context.directory);
    if (identity === undefined) return { kind: 'refused', response: responseTo(request, 403) };
    return { kind: 'entered', request: withAssertedIdentity(withoutOwnCredentials(request, context.configuration.realm), identity), user };
  }

  #originate(request: SipRequest, user: StoredUser | undefined, flow: Flow): Promise<SipResponse> {
    const hopped = withoutOwnRoute(oneHopLess(request));
    if (user === undefined) return this.onward(hopped, []);
    const sending = this.#heard(user, request, flow);
    return this.#serving().originating({
      request: hopped,
      servedUser: user.owner,
      hops: [],
      arrivedAt: this.#parts.context.clock.now(),
      sendingClients: sending.map(({ client }) => client),
    });
  }

  /** A client that is heard of again is registered again, and what waits for it is pushed. */
  #heard(user: StoredUser, request: SipRequest, flow: Flow): readonly LocatedBinding[] {
    const { location } = this.#parts.context;
    const sending = sendingClients(location.of(user.owner), flow, request);
    const heard = location.heardOf(heardClients(sending, flow), flow);
    if (heard.length > 0) this.#serving().registered(heard, heard);
    return sending;
  }

  onward(request: SipRequest, hops: readonly Hop[]): Promise<SipResponse> {
    const { context, routing } = this.#parts;
    const destination = routing.destination(request);
    switch (destination.kind) {
      case 'none':
        return Promise.resolve(responseTo(request, destination.status));
      case 'self':
        return Promise.resolve(ownAnswer(request, context));
      case 'route':
        return this.#parts.nextHops.send(request, destination.nextHop);
      case 'user':
        return this.#terminate(request, destination, hops);
    }
  }

  #terminate(request: SipRequest, { user, instance }: ToUser, hops: readonly Hop[]): Promise<SipResponse> {
    const { limits } = this.#parts.context.configuration;
    const visits = hops.filter((hop) => hop.case === 'terminating');
    if (visits.some((hop) => hop.user === user.owner)) return Promise.resolve(responseTo(request, 482));
    if (visits.length > limits.forwards) return Promise.resolve(responseTo(request, 480));
    const served = { request, servedUser: user.owner, hops, arrivedAt: this.#parts.context.clock.now() };
    return this.#serving().terminating(instance === undefined ? served : { ...served, device: instance });
  }

  /** The same for a request of another node. */
  toClientNamed(owner: UserId, client: string, request: SipRequest, branch: string | undefined): Promise<ClientAnswer> {
    return this.#toClient.send(owner, client, request, branch);
  }

  toClient(binding: Binding, request: SipRequest, branch?: string): Promise<ClientAnswer> {
    return this.#toClient.send(binding.owner, binding.client, request, branch);
  }

  #serving(): ServingFunctions {
    if (this.#functions === undefined) throw new TypeError('the core has no functions yet');
    return this.#functions;
  }
}

type ToUser = Extract<Destination, { kind: 'user' }>;

/** The rest is proxied. */
function isOfFunctions({ method }: SipRequest): boolean {
  return method === 'MESSAGE' || method === 'REGISTER';
}

function oneHopLess(request: SipRequest): SipRequest {
  return { ...request, headers: request.headers.with('Max-Forwards', String(remainingForwards(request.headers))) };
}

/** A client that was told to send by us has us on top of its Route. */
function withoutOwnRoute(request: SipRequest): SipRequest {
  return request.headers.has('Route') ? { ...request, headers: request.headers.without('Route') } : request;
}
