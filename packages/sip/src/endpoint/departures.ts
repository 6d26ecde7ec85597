/** The way of a request to its flow. */
import type { SipRequest } from '../message/message.ts';
import type { ConnectResult, Flow, HostPort } from '../platform.ts';
import { magicCookie } from '../transaction/keys.ts';
import type { Connections } from './connections.ts';
import type { EndpointContext } from './context.ts';
import type { Listeners } from './listeners.ts';
import type { RequestOptions, Target } from './options.ts';

/** Octets of randomness in a branch: unique over space and time, and not to be guessed. */
const branchOctets = 12;

/** A request with its Via for one flow. */
export interface Composed {
  readonly request: SipRequest;
  readonly octets: Uint8Array;
  readonly sentBy: string;
}

/** Whose request it is. One of the two is called, once. */
export interface Departing {
  readonly branch: string;
  /** The flow is there and the request is ready for it. */
  launch(composed: Composed, flow: Flow): void;
  fail(reason: string): void;
}

/** Looks for a connection and calls `done` once, at once when there is one. */
type Detour = (done: (result: ConnectResult) => void) => void;

export class Departures {
  readonly #context: EndpointContext;
  readonly #listeners: Listeners;
  readonly #connections: Connections;

  constructor(context: EndpointContext, listeners: Listeners, connections: Connections) {
    this.#context = context;
    this.#listeners = listeners;
    this.#connections = connections;
  }

  newBranch(): string {
    let branch = magicCookie;
    for (const octet of this.#context.options.random.bytes(branchOctets)) branch += hexadecimal[octet] ?? '';
    return branch;
  }

  send(transaction: Departing, request: SipRequest, target: Target, detour?: RequestOptions['detour']): void {
    if (!('flow' in target) && target.transport !== 'UDP') {
      this.#connected(transaction, request, target.address);
      return;
    }
    const flow = 'flow' in target ? target.flow : this.#datagramFlow(target.address);
    if (flow === undefined) transaction.fail('no UDP listener for that address');
    else if (flow.transport === 'UDP' && detour !== undefined) this.#datagram(transaction, request, flow, this.#asked(detour, transaction));
    else if ('flow' in target) this.#over(transaction, request, flow);
    else this.#datagram(transaction, request, flow, (done) => this.#connections.detour(flow.remote, done));
  }

  #connected(transaction: Departing, request: SipRequest, address: HostPort): void {
    this.#connections.open(address, this.#context.limits.connectMilliseconds, (result) => {
      if (result.kind === 'connected') this.#over(transaction, request, result.flow);
      else transaction.fail(result.reason);
    });
  }

  #datagramFlow(address: HostPort): Flow | undefined {
    const bound = this.#listeners.forDatagram(address);
    return bound === undefined ? undefined : this.#context.options.network.datagramFlow(bound.listener, address);
  }

  #asked(detour: () => Promise<ConnectResult>, transaction: Departing): Detour {
    return (done) =>
      void detour()
        .then(done)
        .catch((error: unknown) => {
          transaction.fail('no way was found');
          this.#context.fault(error);
        });
  }

  #datagram(transaction: Departing, request: SipRequest, flow: Flow, detour: Detour): void {
    const composed = this.#compose(request, transaction.branch, flow);
    if (composed.octets.length <= this.#context.limits.datagramRequestOctets) {
      transaction.launch(composed, flow);
      return;
    }
    // A request that is too long for a network without fragments goes over TCP if it can (RFC 3261 §18.1.1).
    detour((result) => {
      if (result.kind === 'connected') this.#over(transaction, request, result.flow);
      else this.#longDatagram(transaction, composed, flow, result.reason);
    });
  }

  #longDatagram(transaction: Departing, datagram: Composed, flow: Flow, reason: string): void {
    if (datagram.octets.length > this.#context.limits.udpRequestOctets) {
      transaction.fail(`too long for UDP, and over TCP: ${reason}`);
      return;
    }
    this.#context.on.longDatagram?.(datagram.octets.length, flow.remote);
    transaction.launch(datagram, flow);
  }

  #over(transaction: Departing, request: SipRequest, flow: Flow): void {
    transaction.launch(this.#compose(request, transaction.branch, flow), flow);
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
