import { type ConnectResult, type Flow, locateServers, Malformed, parseUri, routeHeader, type SipRequest, type SipUri } from '@opencpm/sip';
import type { Location } from './location.ts';
import { RecentValues } from './packed/recent-values.ts';
import { type LocatedBinding, registrationName } from './stored-binding.ts';
import { isLoopback } from './trusted-peers.ts';
import type { Ways } from './ways.ts';

/** Decision 41. */
const connectMilliseconds = 2_000;

/** At least so many of the attempts that were asked for last are known. */
const rememberedAttempts = 5_000;

/**
 * The way of a request that is too long for a datagram to a client that registered over UDP (decision 41, RFC 3261
 * §18.1.1): a live connection of the same instance, else one to where its Contact or Path says that it takes them. That
 * is tried once in the life of a binding when it fails: until the client registers anew.
 */
export class Detours {
  readonly #ways: Ways;
  readonly #location: Location;
  /** Attempts under way and failed ones, by the REGISTER that has made the binding: another one is another chance. */
  readonly #attempts = new RecentValues<string, Promise<ConnectResult>>(rememberedAttempts);
  /** Connections that have brought an answer. */
  readonly #proven = new WeakSet<Flow>();

  constructor(ways: Ways, location: Location) {
    this.#ways = ways;
    this.#location = location;
  }

  /** Never rejects. */
  find(binding: LocatedBinding, request: SipRequest): Promise<ConnectResult> {
    const flow = this.#connectionOfInstance(binding);
    if (flow !== undefined) return Promise.resolve({ kind: 'connected', flow });
    const attempt = this.#attempts.get(registrationName(binding)) ?? this.#attempt(binding, request);
    this.#attempts.set(registrationName(binding), attempt);
    return attempt;
  }

  /** An answer came over the connection that `find` gave. */
  answered(flow: Flow): void {
    this.#proven.add(flow);
  }

  /**
   * Nothing came back over the connection that `find` gave. One that had brought answers before has lost its other end
   * unnoticed, and the next request gets a new one; else whoever takes connections there, it is no SIP client. That to a
   * proxy of the Path is not closed: others behind it may answer.
   */
  failed(binding: LocatedBinding, flow: Flow, reason: string): void {
    if (this.#proven.has(flow) && binding.path.length === 0) flow.close();
    else this.#attempts.set(registrationName(binding), Promise.resolve({ kind: 'failed', reason }));
  }

  #connectionOfInstance({ owner, instance }: LocatedBinding): Flow | undefined {
    if (instance === undefined) return undefined;
    const siblings = this.#location.of(owner).filter((other) => other.instance === instance && other.transport === 'TCP');
    return siblings.find(({ flow, unreachable }) => !unreachable && flow?.closed === false)?.flow;
  }

  async #attempt(binding: LocatedBinding, request: SipRequest): Promise<ConnectResult> {
    const result = await this.#connect(binding, request);
    // A connection that opened is found by its address as long as it is there.
    if (result.kind === 'connected') this.#attempts.delete(registrationName(binding));
    return result;
  }

  async #connect({ stored }: LocatedBinding, request: SipRequest): Promise<ConnectResult> {
    const uri = nextUri(request);
    if (uri === undefined) return { kind: 'failed', reason: 'no SIP URI to connect to' };
    const overTcp = { ...uri, parameters: uri.parameters.with('transport', 'tcp') };
    const located = await locateServers(overTcp, this.#ways.network.dns, { random: this.#ways.random, transports: ['TCP'] });
    if (located.kind !== 'located') return { kind: 'failed', reason: located.reason };
    const [server] = located.servers;
    // A client on another machine that calls itself localhost would lead to a program on this one.
    if (server === undefined || (isLoopback(server.address.host) && !isLoopback(stored.remote.host))) {
      return { kind: 'failed', reason: 'its Contact is on another machine' };
    }
    return this.#ways.endpoint.connect(server.address, connectMilliseconds);
  }
}

/** The first Route, which is the client's Path, else the Request-URI, which is its Contact. */
function nextUri(request: SipRequest): SipUri | undefined {
  const uri = request.headers.value(routeHeader)?.uri ?? parseUri(request.uri);
  return uri instanceof Malformed || uri.kind !== 'sip' ? undefined : uri;
}
