/** The INVITE client transactions of an endpoint: the machine of RFC 3261 §17.1.1 bound to flows, octets and timers. */
import type { Via } from '../message/headers/via.ts';
import type { SipRequest, SipResponse } from '../message/message.ts';
import type { Flow } from '../platform.ts';
import {
  type ClientInviteInput,
  type ClientInviteOutput,
  clientInviteDeadline,
  startClientInvite,
  stepClientInvite,
} from '../transaction/client-invite.ts';
import { magicCookie } from '../transaction/keys.ts';
import type { ClientTransactions } from './client-transactions.ts';
import type { EndpointContext } from './context.ts';
import type { Composed, Departures } from './departures.ts';
import { FlowWatchers } from './flow-watchers.ts';
import { type InviteClientOwner, InviteClientTransaction } from './invite-client-transaction.ts';
import { acknowledgementOf, cancelOf } from './invite-messages.ts';
import type { InviteEvents, InviteFailure, InviteOptions, SentInvite } from './invite-options.ts';
import type { Target } from './options.ts';

export interface InviteClientParts {
  readonly context: EndpointContext;
  /** For each CANCEL, which has a transaction of its own. */
  readonly clients: ClientTransactions;
  readonly departures: Departures;
}

export class InviteClientTransactions implements InviteClientOwner {
  readonly #context: EndpointContext;
  readonly #clients: ClientTransactions;
  readonly #departures: Departures;
  #closed = false;
  readonly #byBranch = new Map<string, InviteClientTransaction>();
  readonly #waiting = new FlowWatchers<InviteClientTransaction>();

  constructor({ context, clients, departures }: InviteClientParts) {
    this.#context = context;
    this.#clients = clients;
    this.#departures = departures;
  }

  get size(): number {
    return this.#byBranch.size;
  }

  send(request: SipRequest, target: Target, events: InviteEvents, { branch, detour }: InviteOptions): SentInvite {
    if (request.method !== 'INVITE') throw new Error(`${request.method} has no INVITE transaction`);
    const transaction = new InviteClientTransaction(this, branch ?? this.#departures.newBranch(), events);
    if (!transaction.branch.startsWith(magicCookie)) throw new Error(`a branch begins with ${magicCookie} (RFC 3261 §8.1.1.7)`);
    if (this.#byBranch.has(transaction.branch)) throw new Error('an INVITE with that branch is under way');
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) {
      this.#tellFailure(transaction, { kind: 'transport-failure', reason: obstacle });
      return transaction;
    }
    this.#byBranch.set(transaction.branch, transaction);
    this.#departures.send(transaction, request, target, detour);
    return transaction;
  }

  #obstacle(): string | undefined {
    if (this.#closed) return 'endpoint closed';
    const held = this.size + this.#clients.size;
    return held >= this.#context.limits.clientTransactions ? 'limit of client transactions reached' : undefined;
  }

  /** Sends the request over a flow; the timers start. */
  launch(transaction: InviteClientTransaction, { request, octets, sentBy }: Composed, flow: Flow): void {
    if (this.#byBranch.get(transaction.branch) !== transaction) return;
    const { state, outputs } = startClientInvite(flow.reliable, this.#context.now());
    transaction.begin(state, { request, octets, sentBy }, flow);
    this.#waiting.add(flow, transaction);
    this.#context.wheel.arm(transaction, clientInviteDeadline(state));
    this.#context.on.sent?.(request, flow);
    for (const output of outputs) this.#perform(transaction, output, undefined);
  }

  /** False when the response belongs to no transaction. */
  received(via: Via, response: SipResponse): boolean {
    const transaction = via.branch === undefined ? undefined : this.#byBranch.get(via.branch);
    // RFC 3261 §18.1.2: what was sent elsewhere is not for this endpoint.
    if (transaction?.state === undefined || !transaction.sentFrom(via)) return false;
    this.step(transaction, inputOf(response), this.#context.now(), response);
    return true;
  }

  cancel(transaction: InviteClientTransaction): void {
    if (transaction.state !== undefined) this.step(transaction, 'cancel', this.#context.now());
    else this.fail(transaction, 'cancelled before it was sent');
  }

  step(transaction: InviteClientTransaction, input: ClientInviteInput, now: number, response?: SipResponse): void {
    if (transaction.state === undefined) return;
    const { state, outputs } = stepClientInvite(transaction.state, input, now);
    transaction.state = state;
    this.#context.wheel.arm(transaction, clientInviteDeadline(state));
    for (const output of outputs) {
      if (output === 'send' && transaction.flow !== undefined) this.#context.on.retransmitted?.('sent', transaction.flow);
      this.#perform(transaction, output, response);
    }
  }

  /** Ends a transaction whatever it is doing. */
  fail(transaction: InviteClientTransaction, reason: string): void {
    if (this.#byBranch.get(transaction.branch) !== transaction) return;
    this.#remove(transaction);
    this.#tellFailure(transaction, { kind: 'transport-failure', reason });
  }

  /** Who has not answered at all will not do so; who has may open a new connection for the rest (RFC 3261 §18.2.2). */
  flowClosed(flow: Flow, reason: string): void {
    for (const transaction of this.#waiting.of(flow)) {
      if (transaction.state?.phase === 'calling') this.fail(transaction, reason);
    }
  }

  /** Nothing is sent any more. */
  failAll(reason: string): void {
    this.#closed = true;
    for (const transaction of [...this.#byBranch.values()]) this.fail(transaction, reason);
  }

  #perform(transaction: InviteClientTransaction, output: ClientInviteOutput, response: SipResponse | undefined): void {
    switch (output) {
      case 'send':
        if (!transaction.transmit()) this.fail(transaction, unsent(transaction.flow));
        return;
      case 'acknowledge':
        if (response !== undefined) this.#acknowledge(transaction, response);
        return;
      case 'send-cancel':
        this.#sendCancel(transaction);
        return;
      case 'deliver':
        if (response !== undefined) this.#deliver(transaction, response);
        return;
      case 'timeout':
        this.#tellFailure(transaction, { kind: 'timeout' });
        return;
      case 'transport-failure':
        return;
      case 'terminated':
        this.#remove(transaction);
    }
  }

  #acknowledge(transaction: InviteClientTransaction, response: SipResponse): void {
    const { request, flow } = transaction;
    if (request === undefined || flow === undefined) return;
    const acknowledgement = acknowledgementOf(request, response);
    if (!transaction.answered) this.#context.on.sent?.(acknowledgement, flow);
    flow.send(this.#context.serialize(acknowledgement));
  }

  /** In a transaction of its own, whose outcome nobody waits for (RFC 3261 §9.1). */
  #sendCancel({ branch, request, flow, cancelHeaders }: InviteClientTransaction): void {
    if (request === undefined || flow === undefined) return;
    const cancel = this.#clients.create(branch, 'CANCEL');
    this.#departures.send(cancel, cancelOf(request, cancelHeaders), { flow });
  }

  #deliver(transaction: InviteClientTransaction, response: SipResponse): void {
    if (response.status >= 200) transaction.answered = true;
    try {
      transaction.events.response(response);
    } catch (error) {
      this.#context.fault(error);
    }
  }

  /** Later than the call that brought it about, which its caller still has to return from. */
  #tellFailure(transaction: InviteClientTransaction, failure: InviteFailure): void {
    if (transaction.answered) return;
    transaction.answered = true;
    Promise.resolve()
      .then(() => transaction.events.failed(failure))
      .catch((error: unknown) => this.#context.fault(error));
  }

  #remove(transaction: InviteClientTransaction): void {
    this.#byBranch.delete(transaction.branch);
    this.#context.wheel.cancel(transaction);
    if (transaction.flow !== undefined) this.#waiting.remove(transaction.flow, transaction);
  }
}

function inputOf({ status }: SipResponse): ClientInviteInput {
  if (status < 200) return 'provisional';
  return status < 300 ? 'success' : 'failure';
}

function unsent(flow: Flow | undefined): string {
  return flow === undefined || flow.closed ? 'flow closed' : 'too much waits to be sent';
}
