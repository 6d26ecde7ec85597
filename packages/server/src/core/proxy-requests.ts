import {
  formatUri,
  type Headers,
  type ProxyTarget,
  processRouteInformation,
  refusalOfProxy,
  responseTo,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
  type StatefulProxy,
  type Target,
} from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import { type Authenticated, withoutOwnCredentials } from './authentication.ts';
import type { CoreContext } from './core-context.ts';
import { ownAnswer, unsupportedExtension, withToTag } from './own-answers.ts';
import { type ProxyTargetParts, ProxyTargets, type ServedUser } from './proxy-targets.ts';
import { ProxyTokens } from './proxy-tokens.ts';
import type { Destination, Routing } from './routing.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** Who sends a request, with his identity asserted; or what becomes of one that may not be sent. */
export type Entered =
  | { readonly kind: 'entered'; readonly request: SipRequest; readonly user: StoredUser | undefined }
  | Exclude<Authenticated, { readonly kind: 'user' }>;

export interface ProxyRequestParts extends ProxyTargetParts {
  readonly context: CoreContext;
  readonly routing: Routing;
  readonly trustedPeers: TrustedPeers;
  readonly proxy: StatefulProxy;
  /** Lets the sender of a new request in, or asks him for credentials. */
  readonly enter: (transaction: ServerTransaction) => Entered;
  /** Told of each request that has got its final answer. */
  readonly answered: (request: SipRequest, status: number) => void;
}

/** A request after its Route was looked at (RFC 3261 §16.4). */
interface Arrived {
  readonly request: SipRequest;
  /** Present for a request within a dialog that this server has let through. */
  readonly dialog: { readonly receiver: Target | undefined } | undefined;
}

/**
 * Requests that no function claims: this server is their proxy (RFC 3261 §16). New ones of our users and of trusted peers
 * go to users of the domain, to all their clients, and to configured next hops; those within a dialog go by what its
 * Record-Route proves. Nothing else goes anywhere: this is no open relay.
 */
export class ProxyRequests {
  readonly #parts: ProxyRequestParts;
  readonly #targets: ProxyTargets;

  constructor(parts: ProxyRequestParts) {
    this.#parts = parts;
    this.#targets = new ProxyTargets(parts);
  }

  /** Anything but REGISTER, MESSAGE, ACK and CANCEL. */
  received(transaction: ServerTransaction): void {
    const { proxy, answered, context } = this.#parts;
    const course = this.#course(transaction);
    switch (course.kind) {
      case 'dropped':
        transaction.discard();
        return;
      case 'refused':
        transaction.respond(withToTag(course.response, context.self.newTag));
        answered(transaction.request, course.response.status);
        return;
      case 'forwarded':
        proxy.forward(transaction, { ...course, answered: (status) => answered(transaction.request, status) });
    }
  }

  /** An ACK to a 2xx. It is never answered: what does not belong to a dialog of ours is dropped. */
  async acknowledged(received: SipRequest, source: string): Promise<void> {
    const { request, dialog } = this.#arrived(received, source);
    if (dialog === undefined || refusalOfProxy(request, noExtensions) !== undefined) return;
    const [target] = this.#withinDialog(request, dialog.receiver);
    if (target !== undefined) await this.#parts.proxy.acknowledge(request, target);
  }

  #arrived(received: SipRequest, source: string): Arrived {
    const { routing, tokens, trustedPeers, context } = this.#parts;
    const { request, own } = processRouteInformation(received, {
      isOwn: (uri) => routing.namesThisServer(formatUri(uri)),
      isRecorded: (uri) => ProxyTokens.isToken(uri) && routing.namesThisServer(formatUri(uri)),
    });
    const dialog = tokens.verify(request, own);
    if (dialog === undefined) return { request, dialog };
    const cleaned = withoutOwnCredentials(request, context.configuration.realm);
    return { request: trustedPeers.includes(source) ? cleaned : withoutAssertions(cleaned), dialog };
  }

  #course(transaction: ServerTransaction): Course {
    const { request, dialog } = this.#arrived(transaction.request, transaction.source.host);
    const own = dialog === undefined ? this.#ownAnswer(transaction.request) : undefined;
    if (own !== undefined) return { kind: 'refused', response: own };
    const problem = refusalOfProxy(request, noExtensions);
    if (problem !== undefined) return refused(transaction.request, problem.status, problem.headers);
    if (request.body.length > this.#parts.context.configuration.limits.bodyOctets) return refused(request, 413);
    if (dialog === undefined) return this.#beginning(transaction, request);
    return forwarded(request, this.#withinDialog(request, dialog.receiver));
  }

  #ownAnswer(request: SipRequest): SipResponse | undefined {
    const { routing, context } = this.#parts;
    if (routing.destination(request).kind !== 'self') return undefined;
    return unsupportedExtension(request) ?? ownAnswer(request, context);
  }

  /** Where a new request goes is decided here: a Route that somebody gave it is not followed. */
  #beginning(transaction: ServerTransaction, { uri }: SipRequest): Course {
    const { trustedPeers, enter, routing } = this.#parts;
    const entered = enter(transaction);
    if (entered.kind !== 'entered') return entered;
    const request = { ...entered.request, uri, headers: entered.request.headers.without('Route') };
    const caller = trustedPeers.includes(transaction.source.host) ? undefined : { flow: transaction.flow };
    const destination = routing.destination(request);
    switch (destination.kind) {
      case 'none':
        return refused(transaction.request, destination.status);
      case 'self':
        return refused(transaction.request, 404);
      case 'route':
        return forwarded(request, [this.#targets.route(request, destination.nextHop, caller)]);
      case 'user':
        return forwarded(request, this.#targets.clients(request, servedUser(destination), caller));
    }
  }

  /** A Contact may be an address of ours, such as a GRUU: then it leads to his clients. */
  #withinDialog(request: SipRequest, receiver: Target | undefined): readonly ProxyTarget[] {
    const destination = request.headers.has('Route') ? undefined : this.#parts.routing.destination(request);
    if (destination?.kind !== 'user') return [this.#targets.inDialog(request, receiver)];
    return this.#targets.clients(request, servedUser(destination), undefined);
  }
}

/** What becomes of a request. */
type Course =
  | { readonly kind: 'dropped' }
  | { readonly kind: 'refused'; readonly response: SipResponse }
  | { readonly kind: 'forwarded'; readonly request: SipRequest; readonly targets: readonly ProxyTarget[] };

function refused(request: SipRequest, status: number, headers?: Headers): Course {
  return { kind: 'refused', response: responseTo(request, status, headers === undefined ? {} : { headers }) };
}

/** Nobody there is 480: he may come back. */
function forwarded(request: SipRequest, targets: readonly ProxyTarget[]): Course {
  return targets.length === 0 ? refused(request, 480) : { kind: 'forwarded', request, targets };
}

/** None of those for proxies is known here. */
const noExtensions: ReadonlySet<string> = new Set();

function servedUser({ user, instance }: Extract<Destination, { kind: 'user' }>): ServedUser {
  return { owner: user.owner, instance };
}

/** What only those may say whom we trust (3GPP TS 24.229 §4.4). */
function withoutAssertions(request: SipRequest): SipRequest {
  return { ...request, headers: request.headers.filter(({ key }) => !key.startsWith('p-')) };
}
