/**
 * The transaction layer of a user agent bound to a network: it listens, gives each new request to `onRequest`, sends
 * requests and their retransmissions, and keeps answers for those that come again. Without I/O of its own.
 */
import { ClientTransactions } from './endpoint/client-transactions.ts';
import { Connections } from './endpoint/connections.ts';
import { EndpointContext } from './endpoint/context.ts';
import { Departures } from './endpoint/departures.ts';
import { Incoming } from './endpoint/incoming.ts';
import { InviteClientTransactions } from './endpoint/invite-client-transactions.ts';
import { InviteIncoming } from './endpoint/invite-incoming.ts';
import type {
  AcknowledgementHandler,
  InviteEvents,
  InviteHandler,
  InviteOptions,
  OwnAddress,
  SentInvite,
} from './endpoint/invite-options.ts';
import { InviteOutgoing } from './endpoint/invite-outgoing.ts';
import { InviteServerTransactions } from './endpoint/invite-server-transactions.ts';
import { LearntFlows } from './endpoint/learnt-flows.ts';
import { Listeners } from './endpoint/listeners.ts';
import type { ClientOutcome, EndpointLoad, EndpointOptions, RequestHandler, RequestOptions, Target } from './endpoint/options.ts';
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

  /** Called for each new INVITE, when `allow` has INVITE. Set it before `listen`; until then the answer is 501. */
  onInvite: InviteHandler = (transaction) => {
    const { request } = transaction;
    transaction.respond(responseTo(request, 501, { toTag: this.#context.toTag(request) }));
  };

  /** Called for each ACK to a 2xx, as often as it comes; until it is set such ACKs are dropped. */
  onAcknowledgement: AcknowledgementHandler = () => undefined;

  readonly #context: EndpointContext;
  readonly #listeners = new Listeners();
  readonly #learnt: LearntFlows;
  readonly #connections: Connections;
  readonly #servers: ServerTransactions;
  readonly #clients: ClientTransactions;
  readonly #inviteServers: InviteServerTransactions;
  readonly #inviteClients: InviteClientTransactions;
  readonly #inviteOutgoing: InviteOutgoing;
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
    const departures = new Departures(context, this.#listeners, this.#connections);
    this.#inviteServers = new InviteServerTransactions(context, this.#servers);
    this.#inviteClients = new InviteClientTransactions({ context, clients: this.#clients, departures });
    const parts = { context, listeners: this.#listeners, connections: this.#connections, servers: this.#servers, clients: this.#clients };
    this.#incoming = new Incoming({
      ...parts,
      inviteClients: this.#inviteClients,
      invites: this.#inviteIncoming(),
      handler: () => this.onRequest,
    });
    this.#outgoing = new Outgoing({ context, clients: this.#clients, departures });
    this.#inviteOutgoing = new InviteOutgoing({ context, listeners: this.#listeners, departures });
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

  /** Sends an INVITE with its own Via on top; `events` are told what comes. Throws when a living INVITE has that branch. */
  invite(request: SipRequest, target: Target, events: InviteEvents, options: InviteOptions = {}): SentInvite {
    return this.#inviteClients.send(request, target, events, options);
  }

  /** Sends an ACK to a 2xx, once, with its own Via on top (RFC 3261 §13.2.2.4); that to any other response goes by itself. */
  acknowledge(request: SipRequest, target: Target, options: InviteOptions = {}): void {
    if (!this.#closed) this.#inviteOutgoing.acknowledge(request, target, options);
  }

  /** How this endpoint names itself in a request to that target; undefined when there is no listener of its kind. */
  addressTowards(target: Target): OwnAddress | undefined {
    return this.#inviteOutgoing.addressTowards(target);
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

  /** The UDP flow from one of our own addresses, as a flow has it in `local`, to a peer. Undefined when nobody listens there. */
  datagramFlow(local: HostPort, remote: HostPort): Flow | undefined {
    const bound = this.#listeners.ofFlow({ transport: 'UDP', local });
    return bound === undefined ? undefined : this.#context.options.network.datagramFlow(bound.listener, remote);
  }

  /** The flow of that id if it is open and known. */
  flow(id: string): Flow | undefined {
    const flow = this.#connections.flow(id) ?? this.#learnt.get(id);
    return flow === undefined || flow.closed ? undefined : flow;
  }

  /** What is held just now, for metrics. */
  get load(): EndpointLoad {
    return {
      serverTransactions: this.#servers.size + this.#inviteServers.size,
      clientTransactions: this.#clients.size + this.#inviteClients.size,
      openTransactions: this.#servers.unanswered,
      connections: this.#connections.size,
    };
  }

  /** Ends everything: requests under way fail, connections end after what was sent on them, listeners close. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#inviteClients.failAll('endpoint closed');
    this.#clients.failAll('endpoint closed');
    this.#inviteServers.clear();
    this.#servers.clear();
    this.#context.wheel.clear();
    this.#connections.closeAll();
    const listeners = this.#listeners.all.map(({ listener }) => listener);
    for (const listener of listeners) this.#listeners.remove(listener);
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  #inviteIncoming(): InviteIncoming {
    return new InviteIncoming({
      context: this.#context,
      servers: this.#inviteServers,
      handler: () => this.onInvite,
      acknowledgementHandler: () => this.onAcknowledgement,
    });
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
        this.#inviteClients.flowClosed(flow, reason);
        this.#context.on.flowClosed?.(flow, reason);
      },
    };
  }
}
