import { type ClientOutcome, Endpoint, type HostPort, type RequestHandler, type SipRequest, type Target } from '@opencpm/sip';
import { clientRelease } from '../cpm.ts';
import type { ClientOptions } from '../options.ts';
import type { ClientPlatform } from '../platform.ts';
import { localAddress, resolveServer, type ServerAddress } from './addresses.ts';
import type { DigestAnswers } from './digest-answers.ts';

/** Between two pings on a connection, in milliseconds: the lower end that RFC 5626 §4.4.1 gives for TCP. */
const pingMilliseconds = 95_000;

/** What the user of a link is told. */
export interface LinkEvents {
  /** Each request that comes in; set up before the first can. */
  readonly onRequest: RequestHandler;
  /** The connection to the server ended. */
  readonly flowLost: (reason: string) => void;
}

/** The way to the SIP/IP core and back: one endpoint with one listener, used for every request of this client. */
export class CoreLink {
  /** What goes into Contact. */
  readonly contactAddress: HostPort;
  readonly server: ServerAddress;
  readonly #endpoint: Endpoint;

  /** Rejects with an Error that says what could not be resolved or bound. */
  static async open(platform: ClientPlatform, options: ClientOptions, events: LinkEvents): Promise<CoreLink> {
    const server = await resolveServer(options.server, platform.network);
    const local = await localAddress(options, server, platform);
    const endpoint = newEndpoint(platform, options, (remote, reason) => {
      if (server.transport === 'TCP' && isAt(remote, server.address)) events.flowLost(reason);
    });
    endpoint.onRequest = events.onRequest;
    // On TCP this is where the server opens a new connection when it has lost ours.
    const listener = await endpoint.listen(server.transport, local.bind, advertised(local.bind, local.advertisedHost));
    const { host, port } = listener.address;
    // Where datagrams are taken connections are, too: a request that is too long for one comes over TCP (RFC 3261 §18.2.1).
    if (server.transport === 'UDP') await alsoOnTcp(endpoint, { host: local.bind.host, port }, local.advertisedHost, options);
    return new CoreLink(endpoint, server, { host: local.advertisedHost ?? host, port });
  }

  private constructor(endpoint: Endpoint, server: ServerAddress, contactAddress: HostPort) {
    this.#endpoint = endpoint;
    this.server = server;
    this.contactAddress = contactAddress;
  }

  /**
   * Sends a request and answers one challenge to it, if there is one that can be answered (RFC 3261 §22.2). `sequence`
   * gives the CSeq number of each attempt.
   */
  async request(
    request: SipRequest,
    {
      digest,
      sequence,
      signal,
    }: { readonly digest: DigestAnswers; readonly sequence: () => number; readonly signal?: AbortSignal | undefined },
  ): Promise<ClientOutcome> {
    const attempt = () => this.#send(digest.authorize(withSequence(request, sequence())), signal);
    const first = await attempt();
    if (first.kind !== 'response' || !digest.learn(first.response)) return first;
    return attempt();
  }

  close(): Promise<void> {
    return this.#endpoint.close();
  }

  #send(request: SipRequest, signal: AbortSignal | undefined): Promise<ClientOutcome> {
    const { transport, address } = this.server;
    const target: Target = { transport, address };
    return this.#endpoint.request(request, target, signal === undefined ? {} : { signal });
  }
}

/** Without it the client is there for all that a datagram carries. */
async function alsoOnTcp(endpoint: Endpoint, bind: HostPort, advertisedHost: string | undefined, { log }: ClientOptions): Promise<void> {
  try {
    await endpoint.listen('TCP', bind, advertised(bind, advertisedHost));
  } catch (error) {
    log?.({ kind: 'no-connections', reason: error instanceof Error ? error.message : String(error) });
  }
}

function newEndpoint(platform: ClientPlatform, options: ClientOptions, closed: (remote: HostPort, reason: string) => void): Endpoint {
  const { clock, random, hashes, network, octets } = platform;
  return new Endpoint({
    ...{ clock, random, hashes, network, octets },
    allow: ['MESSAGE', 'OPTIONS'],
    userAgentOrServer: clientRelease(options.product),
    limits: { pingMilliseconds },
    on: {
      malformed: (reason) => options.log?.({ kind: 'malformed', reason }),
      flowClosed: (flow, reason) => closed(flow.remote, reason),
    },
  });
}

function withSequence(request: SipRequest, sequence: number): SipRequest {
  return { ...request, headers: request.headers.with('CSeq', `${sequence} ${request.method}`) };
}

/** Port 0 is not told to anybody: then only the bound address itself can be. */
function advertised({ port }: HostPort, host: string | undefined): HostPort | undefined {
  return host === undefined || port === 0 ? undefined : { host, port };
}

function isAt(one: HostPort, other: HostPort): boolean {
  return one.host === other.host && one.port === other.port;
}
