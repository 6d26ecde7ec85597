/** Requests of the user, each with a client transaction. */
import type { SipRequest } from '../message/message.ts';
import { magicCookie } from '../transaction/keys.ts';
import type { ClientTransaction, ClientTransactions } from './client-transactions.ts';
import type { EndpointContext } from './context.ts';
import type { Departures } from './departures.ts';
import { guarded } from './guarded-events.ts';
import type { ClientOutcome, RequestOptions, Target } from './options.ts';

export interface OutgoingParts {
  readonly context: EndpointContext;
  readonly clients: ClientTransactions;
  readonly departures: Departures;
}

export class Outgoing {
  readonly #context: EndpointContext;
  readonly #clients: ClientTransactions;
  readonly #departures: Departures;

  constructor({ context, clients, departures }: OutgoingParts) {
    this.#context = context;
    this.#clients = clients;
    this.#departures = departures;
  }

  request(request: SipRequest, target: Target, options: RequestOptions): Promise<ClientOutcome> {
    const { method } = request;
    if (method === 'INVITE' || method === 'ACK' || method === 'CANCEL') throw new Error(`${method} has no non-INVITE transaction`);
    const branch = options.branch ?? this.#departures.newBranch();
    if (!branch.startsWith(magicCookie)) throw new Error(`a branch begins with ${magicCookie} (RFC 3261 §8.1.1.7)`);
    const alive = this.#clients.find(branch, method);
    if (alive !== undefined) return alive.outcome;
    if (this.#clients.size >= this.#context.limits.clientTransactions) {
      return Promise.resolve({ kind: 'transport-failure', reason: 'limit of client transactions reached' });
    }
    const transaction = this.#clients.create(branch, method);
    if (options.signal !== undefined) this.#obey(options.signal, transaction);
    transaction.onProvisional = guarded(options.onProvisional, (error) => this.#context.fault(error));
    if (!transaction.ended) this.#departures.send(transaction, request, target, options.detour);
    return transaction.outcome;
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
}
