import type { Via } from '../message/headers/via.ts';
import { Headers } from '../message/headers.ts';
import type { SipRequest } from '../message/message.ts';
import type { Flow } from '../platform.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import type { ClientInviteInput, ClientInviteState } from '../transaction/client-invite.ts';
import type { Composed, Departing } from './departures.ts';
import type { FlowWatcher } from './flow-watchers.ts';
import type { InviteEvents, SentInvite } from './invite-options.ts';
import { sentByText } from './listeners.ts';

/** What all transactions of an endpoint are kept in. */
export interface InviteClientOwner {
  launch(transaction: InviteClientTransaction, composed: Composed, flow: Flow): void;
  cancel(transaction: InviteClientTransaction): void;
  fail(transaction: InviteClientTransaction, reason: string): void;
  step(transaction: InviteClientTransaction, input: ClientInviteInput, now: number): void;
}

/** One INVITE that is sent, with what its ACK and its CANCEL need. */
export class InviteClientTransaction implements Departing, FlowWatcher, SentInvite, TimerEntry {
  readonly branch: string;
  readonly events: InviteEvents;
  /** Absent, as all that follows from it, until the request goes out. */
  state: ClientInviteState | undefined = undefined;
  request: SipRequest | undefined = undefined;
  flow: Flow | undefined = undefined;
  /** The user knows the end. */
  answered = false;
  cancelHeaders: Headers = Headers.of();
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  watchIndex = 0;
  readonly #owner: InviteClientOwner;
  #octets: Uint8Array | undefined = undefined;
  #sentBy = '';

  constructor(owner: InviteClientOwner, branch: string, events: InviteEvents) {
    this.#owner = owner;
    this.branch = branch;
    this.events = events;
  }

  cancel(headers: Headers = Headers.of()): void {
    if (this.answered) return;
    if (this.state?.cancelled !== true) this.cancelHeaders = headers;
    this.#owner.cancel(this);
  }

  launch(composed: Composed, flow: Flow): void {
    this.#owner.launch(this, composed, flow);
  }

  fail(reason: string): void {
    this.#owner.fail(this, reason);
  }

  begin(state: ClientInviteState, { request, octets, sentBy }: Composed, flow: Flow): void {
    this.state = state;
    this.request = request;
    this.flow = flow;
    this.#octets = octets;
    this.#sentBy = sentBy;
  }

  /** Sends the request, once more perhaps. False when the flow does not take it. */
  transmit(): boolean {
    return this.flow === undefined || this.#octets === undefined || this.flow.send(this.#octets);
  }

  sentFrom(via: Via): boolean {
    return sentByText({ host: via.host, port: via.port ?? 5060 }).toLowerCase() === this.#sentBy.toLowerCase();
  }

  expired(now: number): void {
    this.#owner.step(this, 'wake', now);
  }
}
