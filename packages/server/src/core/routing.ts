import { Malformed, parseUri, requestUri, type SipRequest, type SipUri, type Uri } from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { Configuration } from '../configuration/configuration.ts';
import type { Directory } from './directory.ts';
import { gruuInstance } from './gruu.ts';

/** Where a Request-URI leads from here. */
export type Destination =
  | { readonly kind: 'user'; readonly user: StoredUser /** The one device that a GRUU names (RFC 5627). */; readonly instance?: string }
  /** To the server itself: OPTIONS of a peer that looks whether we are there. */
  | { readonly kind: 'self' }
  | { readonly kind: 'route'; readonly nextHop: SipUri }
  | { readonly kind: 'none'; readonly status: 400 | 404 | 416 };

interface LastDestination {
  readonly uri: string;
  readonly changes: number;
  readonly destination: Destination;
}

/** Decides without asking anybody: users of this domain, domains with a route, nothing else. This is no open relay. */
export class Routing {
  readonly #domain: string;
  readonly #directory: Directory;
  readonly #routes: ReadonlyMap<string, SipUri>;
  readonly #ownAddresses: ReadonlySet<string>;
  #last: LastDestination = { uri: '', changes: -1, destination: { kind: 'none', status: 400 } };

  constructor(configuration: Configuration, directory: Directory, ownAddresses: ReadonlySet<string>) {
    this.#domain = configuration.domain;
    this.#directory = directory;
    this.#routes = routesOf(configuration);
    this.#ownAddresses = ownAddresses;
  }

  /** Asked twice of nearly every message, before and behind the originating function; nothing comes in between. */
  destination(request: SipRequest): Destination {
    const { changes } = this.#directory;
    if (request.uri !== this.#last.uri || changes !== this.#last.changes) {
      this.#last = { uri: request.uri, changes, destination: this.#destination(request) };
    }
    return this.#last.destination;
  }

  #destination(request: SipRequest): Destination {
    const uri = requestUri(request);
    if (uri instanceof Malformed) return { kind: 'none', status: 400 };
    if (uri.kind === 'other') return { kind: 'none', status: 416 };
    const user = this.userOf(uri);
    if (user !== undefined) return toUser(user, uri);
    return uri.kind === 'tel' ? { kind: 'none', status: 404 } : this.#byDomain(uri);
  }

  /** Whose address this is, also by an address of this server in place of the domain. */
  userOf(uri: Uri): StoredUser | undefined {
    return this.#directory.byUri(this.#inDomain(uri));
  }

  /** A Contact that would bring requests back here: one of our addresses, or of a user or device of ours. */
  leadsHere(uri: SipUri): boolean {
    if (this.#ownAddresses.has(`${uri.host.toLowerCase()}:${uri.port ?? 5060}`)) return true;
    return uri.host.toLowerCase() === this.#domain && uri.port === undefined && this.#directory.byUri(uri) !== undefined;
  }

  /** A digest-uri that names this server in another way than the Request-URI did (RFC 3261 §22.4). */
  namesThisServer(text: string): boolean {
    const uri = parseUri(text);
    return !(uri instanceof Malformed) && uri.kind === 'sip' && this.#isOurs(uri);
  }

  #byDomain(uri: SipUri): Destination {
    if (this.#isOurs(uri)) return uri.user === undefined ? { kind: 'self' } : { kind: 'none', status: 404 };
    const nextHop = this.#routes.get(uri.host.toLowerCase());
    return nextHop === undefined ? { kind: 'none', status: 404 } : { kind: 'route', nextHop };
  }

  /** `sip:bob@127.0.0.1:5060` is Bob for a client that knows nothing but our address. */
  #inDomain(uri: Uri): Uri {
    if (uri.kind !== 'sip' || uri.host.toLowerCase() === this.#domain || !this.#isOurs(uri)) return uri;
    const { port: _port, ...rest } = uri;
    return { ...rest, host: this.#domain };
  }

  #isOurs(uri: SipUri): boolean {
    return uri.host.toLowerCase() === this.#domain || this.#ownAddresses.has(`${uri.host.toLowerCase()}:${uri.port ?? 5060}`);
  }
}

/** A GRUU that was never given out leads nowhere (RFC 5627 §6). */
function toUser(user: StoredUser, uri: Uri): Destination {
  const instance = gruuInstance(uri);
  if (instance === undefined) return { kind: 'user', user };
  return instance === 'unknown' ? { kind: 'none', status: 404 } : { kind: 'user', user, instance };
}

function routesOf(configuration: Configuration): ReadonlyMap<string, SipUri> {
  const routes = new Map<string, SipUri>();
  for (const [domain, text] of Object.entries(configuration.routes)) {
    const uri = parseUri(text);
    if (!(uri instanceof Malformed) && uri.kind === 'sip') routes.set(domain, uri);
  }
  return routes;
}
