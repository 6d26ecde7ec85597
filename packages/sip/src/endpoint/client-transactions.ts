/** The client transactions of an endpoint: the machine of RFC 3261 §17.1.2 bound to flows, octets and timers. */
import { hashSeed } from '../key-hash.ts';
import { KeyTable } from '../key-table.ts';
import type { Via } from '../message/headers/via.ts';
import type { SipRequest, SipResponse } from '../message/message.ts';
import type { Flow } from '../platform.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import {
  type ClientInput,
  type ClientNonInviteState,
  type ClientOutput,
  clientNonInviteDeadline,
  startClientNonInvite,
  stepClientNonInvite,
} from '../transaction/client-non-invite.ts';
import { clientKey } from '../transaction/keys.ts';
import { CompletedTransactions } from './completed-transactions.ts';
import type { EndpointContext } from './context.ts';
import type { Composed, Departing } from './departures.ts';
import { type FlowWatcher, FlowWatchers } from './flow-watchers.ts';
import { sentByText } from './listeners.ts';
import type { ClientOutcome } from './options.ts';

const noOctets = new Uint8Array(0);

export class ClientTransactions {
  readonly #context: EndpointContext;
  /** Those that wait for their final response. */
  readonly #byKey: KeyTable<ClientTransaction>;
  readonly #completed: CompletedTransactions;
  /** Those that wait for an answer over a flow, to be told when it closes. */
  readonly #waiting = new FlowWatchers<ClientTransaction>();

  constructor(context: EndpointContext) {
    this.#context = context;
    this.#byKey = new KeyTable(hashSeed(context.options.random));
    this.#completed = new CompletedTransactions(context);
  }

  get size(): number {
    return this.#byKey.size + this.#completed.size;
  }

  find(branch: string, method: string): ClientTransaction | undefined {
    return this.#byKey.get(clientKey(branch, method));
  }

  /** A transaction whose request has not gone out yet. */
  create(branch: string, method: string): ClientTransaction {
    const transaction = new ClientTransaction(this, clientKey(branch, method), branch);
    this.#byKey.set(transaction.key, transaction);
    return transaction;
  }

  /** Sends the request over a flow; the timers start. `octets` is the request with the Via for that flow. */
  launch(transaction: ClientTransaction, request: SipRequest, octets: Uint8Array, flow: Flow): void {
    if (transaction.ended) return;
    const { state, outputs } = startClientNonInvite(flow.reliable, this.#context.now());
    transaction.state = state;
    transaction.flow = flow;
    transaction.octets = octets;
    this.#waiting.add(flow, transaction);
    this.#context.wheel.arm(transaction, clientNonInviteDeadline(state));
    this.#context.on.sent?.(request, flow);
    for (const output of outputs) this.#perform(transaction, output, undefined);
  }

  /** False when the response belongs to no transaction. */
  received(via: Via, method: string, response: SipResponse): boolean {
    if (via.branch === undefined) return false;
    const key = clientKey(via.branch, method);
    const transaction = this.#byKey.get(key);
    // A copy of the final response, which Timer K is there to absorb.
    if (transaction === undefined) return this.#completed.has(key);
    // RFC 3261 §18.1.2: what was sent elsewhere is not for this endpoint.
    if (transaction.state === undefined || !transaction.sentFrom(via)) return false;
    this.step(transaction, response.status < 200 ? 'provisional' : 'final', this.#context.now(), response);
    return true;
  }

  step(transaction: ClientTransaction, input: ClientInput, now: number, response?: SipResponse): void {
    if (transaction.state === undefined) return;
    const { state, outputs } = stepClientNonInvite(transaction.state, input, now);
    transaction.state = state;
    this.#context.wheel.arm(transaction, clientNonInviteDeadline(state));
    for (const output of outputs) {
      if (output === 'send' && transaction.flow !== undefined) this.#context.on.retransmitted?.('sent', transaction.flow);
      this.#perform(transaction, output, response);
    }
  }

  /** Ends a transaction whatever it is doing. */
  fail(transaction: ClientTransaction, reason: string): void {
    transaction.end({ kind: 'transport-failure', reason });
    this.#remove(transaction);
  }

  flowClosed(flow: Flow, reason: string): void {
    for (const transaction of this.#waiting.of(flow)) this.fail(transaction, reason);
  }

  failAll(reason: string): void {
    for (const transaction of this.#byKey.values()) this.fail(transaction, reason);
    this.#completed.clear();
  }

  #perform(transaction: ClientTransaction, output: ClientOutput, response: SipResponse | undefined): void {
    switch (output) {
      case 'send':
        if (transaction.flow?.send(transaction.octets) === false) this.fail(transaction, unsent(transaction.flow));
        return;
      case 'deliver':
        if (response !== undefined && response.status >= 200) this.#answered(transaction, response);
        else if (response !== undefined) transaction.onProvisional?.(response);
        return;
      case 'timeout':
        transaction.end({ kind: 'timeout' });
        return;
      case 'transport-failure':
        return;
      case 'terminated':
        this.#remove(transaction);
    }
  }

  #answered(transaction: ClientTransaction, response: SipResponse): void {
    const { state, flow } = transaction;
    transaction.end({ kind: 'response', response });
    this.#remove(transaction);
    if (state?.phase === 'completed' && flow !== undefined) this.#completed.keep(transaction.key, noOctets, flow, state.endAt);
  }

  #remove(transaction: ClientTransaction): void {
    this.#byKey.delete(transaction.key);
    this.#context.wheel.cancel(transaction);
    this.#unwatch(transaction);
  }

  #unwatch(transaction: ClientTransaction): void {
    const { flow } = transaction;
    if (flow === undefined) return;
    transaction.flow = undefined;
    this.#waiting.remove(flow, transaction);
  }
}

function unsent(flow: Flow): string {
  return flow.closed ? 'flow closed' : 'too much waits to be sent';
}

export class ClientTransaction implements Departing, FlowWatcher, TimerEntry {
  readonly key: string;
  readonly branch: string;
  /** What its Via says; set when the request goes out. */
  sentBy = '';
  readonly outcome: Promise<ClientOutcome>;
  /** Absent until the request goes out. */
  state: ClientNonInviteState | undefined = undefined;
  /** Present while an answer is awaited. */
  flow: Flow | undefined = undefined;
  octets: Uint8Array = noOctets;
  ended = false;
  /** Called once when the outcome is known. */
  onEnd: (() => void) | undefined = undefined;
  /** Called for each provisional response. */
  onProvisional: ((response: SipResponse) => void) | undefined = undefined;
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  watchIndex = 0;
  readonly #owner: ClientTransactions;
  readonly #resolve: (outcome: ClientOutcome) => void;

  constructor(owner: ClientTransactions, key: string, branch: string) {
    const { promise, resolve } = Promise.withResolvers<ClientOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#owner = owner;
    this.key = key;
    this.branch = branch;
  }

  launch({ request, octets, sentBy }: Composed, flow: Flow): void {
    this.sentBy = sentBy;
    this.#owner.launch(this, request, octets, flow);
  }

  fail(reason: string): void {
    this.#owner.fail(this, reason);
  }

  sentFrom(via: Via): boolean {
    const sentBy = sentByText({ host: via.host, port: via.port ?? 5060 });
    return sentBy === this.sentBy || sentBy.toLowerCase() === this.sentBy.toLowerCase();
  }

  /** The outcome is known; what only a retransmission needs is let go of. */
  end(outcome: ClientOutcome): void {
    if (this.ended) return;
    this.ended = true;
    this.octets = noOctets;
    this.#resolve(outcome);
    this.onEnd?.();
    this.onEnd = undefined;
  }

  expired(now: number): void {
    this.#owner.step(this, 'wake', now);
  }
}
