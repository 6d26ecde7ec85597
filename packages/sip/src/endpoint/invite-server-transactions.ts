/** The INVITE server transactions of an endpoint: the machine of RFC 3261 §17.2.1 bound to flows, octets and timers. */
import { responseTo, type SipRequest, type SipResponse } from '../message/message.ts';
import type { Flow, HostPort } from '../platform.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import {
  type ServerInviteInput,
  type ServerInviteOutput,
  type ServerInviteState,
  serverInviteDeadline,
  startServerInvite,
  stepServerInvite,
} from '../transaction/server-invite.ts';
import type { EndpointContext } from './context.ts';
import type { InviteServerTransaction } from './invite-options.ts';
import type { ReplyPath, ServerTransactions } from './server-transactions.ts';

const noOctets = new Uint8Array(0);

export class InviteServerTransactions {
  readonly #context: EndpointContext;
  /** Sends responses, whatever transaction they belong to. */
  readonly #servers: ServerTransactions;
  readonly #byKey = new Map<string, RespondingInvite>();
  #closed = false;

  constructor(context: EndpointContext, servers: ServerTransactions) {
    this.#context = context;
    this.#servers = servers;
  }

  get size(): number {
    return this.#byKey.size;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** True when the INVITE is a retransmission, which is then dealt with. */
  absorb(key: string, flow: Flow): boolean {
    const transaction = this.#byKey.get(key);
    if (transaction === undefined) return false;
    this.#context.on.retransmitted?.('received', flow);
    this.step(transaction, 'request', this.#context.now());
    return true;
  }

  open(key: string, request: SipRequest, flow: Flow, path: ReplyPath): InviteServerTransaction {
    const state = startServerInvite(flow.reliable, this.#context.now());
    const transaction = new RespondingInvite(this, { key, request, flow, path }, state);
    this.#byKey.set(key, transaction);
    this.#context.wheel.arm(transaction, serverInviteDeadline(state));
    return transaction;
  }

  /** True when the ACK is that of a transaction; false when it goes to the user. */
  acknowledged(key: string): boolean {
    const transaction = this.#byKey.get(key);
    if (transaction === undefined) return false;
    return !this.step(transaction, 'acknowledgement', this.#context.now()).includes('deliver-acknowledgement');
  }

  /** The INVITE with that key is cancelled by a request that is answered already. */
  cancelled(key: string, cancel: SipRequest): void {
    const transaction = this.#byKey.get(key);
    const tell = transaction?.onCancel;
    if (transaction === undefined || tell === undefined || transaction.answered) return;
    transaction.onCancel = undefined;
    try {
      tell(cancel);
    } catch (error) {
      this.#context.fault(error);
    }
  }

  respond(transaction: RespondingInvite, response: SipResponse): void {
    const takes = transaction.state.phase === 'proceeding' || transaction.state.phase === 'accepted';
    const input = inputOf(response);
    if (takes && this.#byKey.get(transaction.key) === transaction) this.step(transaction, input, this.#context.now(), response);
    // A 2xx that comes late goes its way without a transaction (RFC 3261 §16.7 step 5).
    else if (input === 'success' && !this.#closed) this.#servers.reply(response, transaction.path);
  }

  discard(transaction: RespondingInvite): void {
    if (this.#byKey.get(transaction.key) !== transaction) return;
    this.#byKey.delete(transaction.key);
    this.#context.wheel.cancel(transaction);
  }

  step(transaction: RespondingInvite, input: ServerInviteInput, now: number, response?: SipResponse): readonly ServerInviteOutput[] {
    const { state, outputs } = stepServerInvite(transaction.state, input, now);
    transaction.state = state;
    this.#context.wheel.arm(transaction, serverInviteDeadline(state));
    for (const output of outputs) this.#perform(transaction, output, response);
    return outputs;
  }

  clear(): void {
    this.#closed = true;
    this.#byKey.clear();
  }

  #perform(transaction: RespondingInvite, output: ServerInviteOutput, response: SipResponse | undefined): void {
    switch (output) {
      case 'send':
        if (response !== undefined) this.#sendFirst(transaction, response);
        return;
      case 'send-trying':
        this.#sendFirst(transaction, responseTo(transaction.request, 100));
        return;
      case 'resend':
        this.#context.on.retransmitted?.('sent', transaction.path.flow);
        this.#sendOctets(transaction);
        return;
      case 'deliver-acknowledgement':
      case 'transport-failure':
        return;
      case 'unacknowledged':
        this.#context.on.unacknowledged?.(transaction.request, transaction.flow);
        return;
      case 'terminated':
        this.#byKey.delete(transaction.key);
        transaction.octets = noOctets;
    }
  }

  #sendFirst(transaction: RespondingInvite, response: SipResponse): void {
    transaction.octets = this.#context.serialize(response);
    this.#context.on.sent?.(response, transaction.path.flow);
    this.#sendOctets(transaction);
  }

  #sendOctets(transaction: RespondingInvite): void {
    this.#servers.send(transaction.octets, transaction.path, () => this.step(transaction, 'transport-error', this.#context.now()));
  }
}

function inputOf({ status }: SipResponse): ServerInviteInput {
  if (status < 200) return 'provisional';
  return status < 300 ? 'success' : 'failure';
}

interface Arrived {
  readonly key: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly path: ReplyPath;
}

class RespondingInvite implements InviteServerTransaction, TimerEntry {
  readonly key: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly path: ReplyPath;
  state: ServerInviteState;
  /** The response sent last. */
  octets: Uint8Array = noOctets;
  onCancel: ((cancel: SipRequest) => void) | undefined = undefined;
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly #owner: InviteServerTransactions;
  #answered = false;

  constructor(owner: InviteServerTransactions, { key, request, flow, path }: Arrived, state: ServerInviteState) {
    this.#owner = owner;
    this.key = key;
    this.request = request;
    this.flow = flow;
    this.path = path;
    this.state = state;
  }

  get source(): HostPort {
    return this.flow.remote;
  }

  get answered(): boolean {
    return this.#answered;
  }

  respond(response: SipResponse): void {
    const { status } = response;
    const success = status >= 200 && status < 300;
    if (this.#answered && !success) throw new Error(`${status} after a final response to an INVITE`);
    if (status >= 200) this.#answered = true;
    this.#owner.respond(this, response);
  }

  discard(): void {
    if (this.#answered) throw new Error('an INVITE that was answered cannot be discarded');
    this.#answered = true;
    this.#owner.discard(this);
  }

  expired(now: number): void {
    this.#owner.step(this, 'wake', now);
  }
}
