/** The way of a request to its flow. */
import type { SipRequest } from '../message/message.ts';
import type { ConnectResult, Flow, HostPort } from '../platform.ts';
import { magicCookie } from '../transaction/keys.ts';
import type { ClientTransaction, ClientTransactions } from './client-transactions.ts';
import type { Connections } from './connections.ts';
import type { EndpointContext } from './context.ts';
import { guarded } from './guarded-events.ts';
import type { Listeners } from './listeners.ts';
import type { ClientOutcome, RequestOptions, Target } from './options.ts';

/** Octets of randomness in a branch: unique over space and time, and not to be guessed. */
const branchOctets = 12;

export interface OutgoingParts {
  readonly context: EndpointContext;
  readonly listeners: Listeners;
  readonly connections: Connections;
  readonly clients: ClientTransactions;
}

/** A request with its Via for one flow. */
interface Composed {
  readonly request: SipRequest;
  readonly octets: Uint8Array;
  readonly sentBy: string;
}

/** Looks for a connection and calls `done` once, at once when there is one. */
type Detour = (done: (result: ConnectResult) => void) => void;

export class Outgoing {
  readonly #context: EndpointContext;
  readonly #listeners: Listeners;
  readonly #connections: Connections;
  readonly #clients: ClientTransactions;

  constructor({ context, listeners, connections, clients }: OutgoingParts) {
    this.#context = context;
    this.#listeners = listeners;
    this.#connections = connections;
    this.#clients = clients;
  }

  request(request: SipRequest, target: Target, options: RequestOptions): Promise<ClientOutcome> {
    const { method } = request;
    if (method === 'INVITE' || method === 'ACK' || method === 'CANCEL') throw new Error(`${method} has no non-INVITE transaction`);
    const branch = options.branch ?? this.#newBranch();
    if (!branch.startsWith(magicCookie)) throw new Error(`a branch begins with ${magicCookie} (RFC 3261 §8.1.1.7)`);
    const alive = this.#clients.find(branch, method);
    if (alive !== undefined) return alive.outcome;
    if (this.#clients.size >= this.#context.limits.clientTransactions) {
      return Promise.resolve({ kind: 'transport-failure', reason: 'limit of client transactions reached' });
    }
    const transaction = this.#clients.create(branch, method);
    if (options.signal !== undefined) this.#obey(options.signal, transaction);
    transaction.onProvisional = guarded(options.onProvisional, (error) => this.#context.fault(error));
    if (!transaction.ended) this.#route(transaction, request, target, options.detour);
    return transaction.outcome;
  }

  #newBranch(): string {
    let branch = magicCookie;
    for (const octet of this.#context.options.random.bytes(branchOctets)) branch += hexadecimal[octet] ?? '';
    return branch;
  }

  #obey(signal: AbortSignal, transaction: ClientTransaction): void {
    const abort = () => this.#clients.fail(transaction, 'aborted');
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    transaction.onEnd = () => signal.removeEventListener('abort', abort);
  }

  #route(transaction: ClientTransaction, request: SipRequest, target: Target, detour: RequestOptions['detour']): void {
    if (!('flow' in target) && target.transport !== 'UDP') {
      this.#connected(transaction, request, target.address);
      return;
    }
    const flow = 'flow' in target ? target.flow : this.#datagramFlow(target.address);
    if (flow === undefined) this.#clients.fail(transaction, 'no UDP listener for that address');
    else if (flow.transport === 'UDP' && detour !== undefined) this.#datagram(transaction, request, flow, this.#asked(detour, transaction));
    else if ('flow' in target) this.#send(transaction, request, flow);
    else this.#datagram(transaction, request, flow, (done) => this.#connections.detour(flow.remote, done));
  }

  #connected(transaction: ClientTransaction, request: SipRequest, address: HostPort): void {
    this.#connections.open(address, this.#context.limits.connectMilliseconds, (result) => {
      if (result.kind === 'connected') this.#send(transaction, request, result.flow);
      else this.#clients.fail(transaction, result.reason);
    });
  }

  #datagramFlow(address: HostPort): Flow | undefined {
    const bound = this.#listeners.forDatagram(address);
    return bound === undefined ? undefined : this.#context.options.network.datagramFlow(bound.listener, address);
  }

  #asked(detour: () => Promise<ConnectResult>, transaction: ClientTransaction): Detour {
    return (done) =>
      void detour()
        .then(done)
        .catch((error: unknown) => {
          this.#clients.fail(transaction, 'no way was found');
          this.#context.fault(error);
        });
  }

  #datagram(transaction: ClientTransaction, request: SipRequest, flow: Flow, detour: Detour): void {
    const composed = this.#compose(request, transaction.branch, flow);
    if (composed.octets.length <= this.#context.limits.datagramRequestOctets) {
      this.#launch(transaction, composed, flow);
      return;
    }
    // A request that is too long for a network without fragments goes over TCP if it can (RFC 3261 §18.1.1).
    detour((result) => {
      if (result.kind === 'connected') this.#send(transaction, request, result.flow);
      else this.#longDatagram(transaction, composed, flow, result.reason);
    });
  }

  #longDatagram(transaction: ClientTransaction, datagram: Composed, flow: Flow, reason: string): void {
    if (datagram.octets.length > this.#context.limits.udpRequestOctets) {
      this.#clients.fail(transaction, `too long for UDP, and over TCP: ${reason}`);
      return;
    }
    this.#context.on.longDatagram?.(datagram.octets.length, flow.remote);
    this.#launch(transaction, datagram, flow);
  }

  #send(transaction: ClientTransaction, request: SipRequest, flow: Flow): void {
    this.#launch(transaction, this.#compose(request, transaction.branch, flow), flow);
  }

  #launch(transaction: ClientTransaction, { request, octets, sentBy }: Composed, flow: Flow): void {
    transaction.sentBy = sentBy;
    this.#clients.launch(transaction, request, octets, flow);
  }

  /** RFC 3261 §18.1.1, with rport as RFC 3581 §3 asks. */
  #compose(request: SipRequest, branch: string, flow: Flow): Composed {
    const sentBy = this.#listeners.sentByOf(flow);
    const headers = request.headers.prepend('Via', `SIP/2.0/${flow.transport} ${sentBy};branch=${branch};rport`);
    const composed = { ...request, headers };
    return { request: composed, octets: this.#context.serialize(composed), sentBy };
  }
}

const hexadecimal: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));
