import {
  authorizationHeader,
  type DigestCredentials,
  type DigestServer,
  type Flow,
  Headers,
  proxyAuthenticateHeader,
  proxyAuthorizationHeader,
  responseTo,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
  viaHeader,
  wwwAuthenticateHeader,
} from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { AddressLimits } from './address-limits.ts';
import type { CoreContext } from './core-context.ts';
import type { Routing } from './routing.ts';
import { isLoopback } from './trusted-peers.ts';

export type Authenticated =
  | { readonly kind: 'user'; readonly user: StoredUser }
  | { readonly kind: 'refused'; readonly response: SipResponse }
  /** The address has had all the challenges that it gets: silence. */
  | { readonly kind: 'dropped' };

export interface AuthenticationParts {
  readonly context: CoreContext;
  readonly digest: DigestServer;
  readonly routing: Routing;
  readonly addresses: AddressLimits;
}

/** How many users one connection may act as; past it each request is authenticated. */
const maxUsersPerConnection = 64;

/**
 * Who sends this? Digest (RFC 3261 §22, RFC 8760): REGISTER by 401 always; other requests by 407, each of them over
 * UDP, once per user on a connection of his own. Behind a proxy many share one, and none of them speaks for another.
 */
export class Authentication {
  readonly #context: CoreContext;
  readonly #digest: DigestServer;
  readonly #routing: Routing;
  readonly #addresses: AddressLimits;
  readonly #onConnection = new WeakMap<Flow, Set<StoredUser['owner']>>();

  constructor({ context, digest, routing, addresses }: AuthenticationParts) {
    this.#context = context;
    this.#digest = digest;
    this.#routing = routing;
    this.#addresses = addresses;
  }

  registrant(transaction: ServerTransaction): Authenticated {
    return this.#byCredentials(transaction, 'registrar');
  }

  /** `claimed` is whom the request says it is from: enough on a connection on which he has shown his password. */
  sender(transaction: ServerTransaction, claimed: StoredUser | undefined): Authenticated {
    const credentials = transaction.request.headers.has('Proxy-Authorization');
    const known = claimed !== undefined && this.#onConnection.get(transaction.flow)?.has(claimed.owner) === true;
    if (known && !credentials && cameDirectly(transaction.request)) {
      return { kind: 'user', user: claimed };
    }
    return this.#byCredentials(transaction, 'proxy');
  }

  #byCredentials(transaction: ServerTransaction, role: Role): Authenticated {
    const { request } = transaction;
    const credentials = credentialsFor(request, role, this.#context.configuration.realm);
    if (credentials === undefined) return this.#challenge(transaction, role, false);
    const user = this.#context.directory.byName(credentials.username);
    const verdict = this.#digest.verify(credentials, {
      method: request.method,
      uri: request.uri,
      body: request.body,
      ha1: (algorithm) => user?.ha1[algorithm],
      knownUri: (uri) => this.#routing.namesThisServer(uri),
    });
    if (verdict !== 'ok' || user === undefined) return this.#challenge(transaction, role, verdict === 'stale' || verdict === 'replayed');
    this.#addresses.authenticated(transaction.source);
    // Demo users have passwords that were shown on a screen.
    if (user.loopbackOnly && !isLoopback(transaction.source.host)) return { kind: 'refused', response: responseTo(request, 403) };
    if (cameDirectly(request)) this.#rememberOn(transaction.flow, user);
    return { kind: 'user', user };
  }

  #challenge({ request, source }: ServerTransaction, role: Role, stale: boolean): Authenticated {
    if (!this.#addresses.answersUnauthenticated(source)) return { kind: 'dropped' };
    let headers = Headers.of();
    for (const challenge of this.#digest.challenges(stale)) headers = headers.append(roles[role].challenge, challenge);
    return { kind: 'refused', response: responseTo(request, roles[role].status, { headers }) };
  }

  #rememberOn(flow: Flow, user: StoredUser): void {
    if (!flow.reliable) return;
    const users = this.#onConnection.get(flow) ?? new Set();
    if (users.size < maxUsersPerConnection) users.add(user.owner);
    this.#onConnection.set(flow, users);
  }
}

/** From the client itself: each proxy on the way adds a Via (RFC 3261 §16.6 step 8). */
function cameDirectly(request: SipRequest): boolean {
  const vias = request.headers.all(viaHeader);
  return vias.kind === 'value' && vias.value.length === 1;
}

type Role = 'registrar' | 'proxy';

const roles = {
  registrar: { status: 401, challenge: wwwAuthenticateHeader, credentials: authorizationHeader },
  proxy: { status: 407, challenge: proxyAuthenticateHeader, credentials: proxyAuthorizationHeader },
} as const;

/** The Digest credentials of our realm; those for other proxies on the way are not ours to read (RFC 3261 §22.3). */
function credentialsFor(request: SipRequest, role: Role, realm: string): DigestCredentials | undefined {
  const all = request.headers.all(roles[role].credentials);
  if (all.kind !== 'value') return undefined;
  for (const credentials of all.value) if (credentials.kind === 'digest' && credentials.realm === realm) return credentials;
  return undefined;
}

/** Credentials that were for us go no further (RFC 3261 §22.3); those for others are left alone. */
export function withoutOwnCredentials(request: SipRequest, realm: string): SipRequest {
  const isOurs = (text: string) => {
    const credentials = proxyAuthorizationHeader.decode(text);
    return 'kind' in credentials && credentials.kind === 'digest' && credentials.realm === realm;
  };
  const headers = request.headers.filter(({ key, value }) => key !== proxyAuthorizationHeader.key || !isOurs(value));
  return { ...request, headers };
}
