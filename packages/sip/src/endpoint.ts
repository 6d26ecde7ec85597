/**
 * The transaction layer of a user agent bound to a network: it listens, gives each new request to `onRequest`, sends
 * requests and their retransmissions, and keeps answers for those that come again. Without I/O of its own.
 */
import { ClientTransactions } from './endpoint/client-transactions.ts';
import { Connections } from './endpoint/connections.ts';
import { EndpointContext } from './endpoint/context.ts';
import { Departures } from './endpoint/departures.ts';
import { Incoming } from './endpoint/incoming.ts';
import { LearntFlows } from './endpoint/learnt-flows.ts';
import { Listeners } from './endpoint/listeners.ts';
import type { ClientOutcome, EndpointOptions, RequestHandler, RequestOptions, Target } from './endpoint/options.ts';
import { Outgoing } from './endpoint/outgoing.ts';
import { ServerTransactions } from './endpoint/server-transactions.ts';
import { responseTo, type SipRequest } from './message/message.ts';
import type { ConnectResult, Flow, HostPort, Listener, NetworkUser, TransportName } from './platform.ts';
import { TimerWheel } from './timer-wheel.ts';

export class Endpoint {
  /** Called for each new request of a method in `allow`. Set it before `listen`; until then the answer is 501. */
  onRequest: RequestHandler = (transaction) => {
    const { request } = transaction;
    transaction.respond(responseTo(request, 501, { toTag: this.#context.toTag(request) }));
  };

  readonly #context: EndpointContext;
  readonly #listeners = new Listeners();
  readonly #learnt: LearntFlows;
  readonly #connections: Connections;
  readonly #servers: ServerTransactions;
  readonly #clients: ClientTransactions;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #user: NetworkUser;
  #closed = false;

  constructor(options: EndpointOptions) {
    const context = new EndpointContext(options, new TimerWheel(options.clock));
    this.#user = this.#networkUser();
    this.#context = context;
    this.#learnt = new LearntFlows(context.limits.learntFlows);
    this.#connections = new Connections(context, this.#user);
    this.#servers = new ServerTransactions(context, this.#connections);
    this.#clients = new ClientTransactions(context);
    const parts = { context, listeners: this.#listeners, connections: this.#connections, servers: this.#servers, clients: this.#clients };
    this.#incoming = new Incoming({ ...parts, handler: () => this.onRequest });
    const departures = new Departures(context, this.#listeners, this.#connections);
    this.#outgoing = new Outgoing({ context, clients: this.#clients, departures });
  }

  /**
   * Binds a socket. `address.host` is an address or a name, port 0 any free one. `advertise` is what peers are told in
   * Via when they cannot use the bound address. Rejects with an Error that names address and cause.
   */
  async listen(transport: TransportName, address: HostPort, advertise?: HostPort): Promise<Listener> {
    const bound = await this.#context.options.network.listen(transport, address, this.#user);
    if (this.#closed) {
      await bound.close();
      throw new Error('the endpoint was closed while it began to listen');
    }
    this.#listeners.add(bound, advertise ?? bound.address);
    const close = async () => {
      this.#listeners.remove(bound);
      await bound.close();
    };
    return { transport: bound.transport, address: bound.address, close };
  }

  /**
   * Sends a request other than INVITE, ACK and CANCEL, with its own Via on top, and resolves with what became of it;
   * never rejects. The response carries that Via still.
   */
  request(request: SipRequest, target: Target, options: RequestOptions = {}): Promise<ClientOutcome> {
    if (this.#closed) return Promise.resolve({ kind: 'transport-failure', reason: 'endpoint closed' });
    return this.#outgoing.request(request, target, options);
  }

  /** The connection to that address, or a new one when it opens in time; never rejects. */
  connect(remote: HostPort, timeoutMilliseconds: number): Promise<ConnectResult> {
    if (this.#closed) return Promise.resolve({ kind: 'failed', reason: 'endpoint closed' });
    const { promise, resolve } = Promise.withResolvers<ConnectResult>();
    this.#connections.open(remote, timeoutMilliseconds, resolve);
    return promise;
  }

  /** Keeps a UDP flow findable by its id; connections are so while they are open. */
  learnFlow(flow: Flow): void {
    if (flow.transport === 'UDP') this.#learnt.learn(flow);
  }

  /** The flow of that id if it is open and known. */
  flow(id: string): Flow | undefined {
    const flow = this.#connections.flow(id) ?? this.#learnt.get(id);
    return flow === undefined || flow.closed ? undefined : flow;
  }

  /** What is held just now, for metrics. */
  get load(): { readonly serverTransactions: number; readonly clientTransactions: number; readonly connections: number } {
    return { serverTransactions: this.#servers.size, clientTransactions: this.#clients.size, connections: this.#connections.size };
  }

  /** Ends everything: requests under way fail, connections end after what was sent on them, listeners close. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#clients.failAll('endpoint closed');
    this.#servers.clear();
    this.#context.wheel.clear();
    this.#connections.closeAll();
    const listeners = this.#listeners.all.map(({ listener }) => listener);
    for (const listener of listeners) this.#listeners.remove(listener);
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  #networkUser(): NetworkUser {
    return {
      received: (octets, flow) => {
        if (!this.#closed) this.#incoming.received(octets, flow);
      },
      flowOpened: (flow) => {
        this.#connections.opened(flow);
        this.#context.on.flowOpened?.(flow);
      },
      flowClosed: (flow, reason) => {
        this.#connections.closed(flow);
        this.#learnt.forget(flow);
        this.#clients.flowClosed(flow, reason);
        this.#context.on.flowClosed?.(flow, reason);
      },
    };
  }
}
