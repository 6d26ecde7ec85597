/** What is sent without a transaction: the ACK to a 2xx; and how this endpoint names itself. */
import type { SipRequest } from '../message/message.ts';
import type { Flow } from '../platform.ts';
import type { EndpointContext } from './context.ts';
import type { Composed, Departing, Departures } from './departures.ts';
import type { InviteOptions, OwnAddress } from './invite-options.ts';
import type { Listeners } from './listeners.ts';
import type { Target } from './options.ts';

export interface InviteOutgoingParts {
  readonly context: EndpointContext;
  readonly listeners: Listeners;
  readonly departures: Departures;
}

export class InviteOutgoing {
  readonly #parts: InviteOutgoingParts;

  constructor(parts: InviteOutgoingParts) {
    this.#parts = parts;
  }

  acknowledge(request: SipRequest, target: Target, { branch, detour }: InviteOptions): void {
    if (request.method !== 'ACK') throw new Error(`${request.method} is no ACK`);
    const { context, departures } = this.#parts;
    departures.send(new DepartingAcknowledgement(branch ?? departures.newBranch(), context), request, target, detour);
  }

  addressTowards(target: Target): OwnAddress | undefined {
    const { listeners } = this.#parts;
    if ('flow' in target) return { transport: target.flow.transport, sentBy: listeners.sentByOf(target.flow) };
    const bound = target.transport === 'UDP' ? listeners.forDatagram(target.address) : listeners.forConnection(target.address);
    return bound === undefined ? undefined : { transport: target.transport, sentBy: bound.sentBy };
  }
}

class DepartingAcknowledgement implements Departing {
  readonly branch: string;
  readonly #context: EndpointContext;

  constructor(branch: string, context: EndpointContext) {
    this.branch = branch;
    this.#context = context;
  }

  launch({ request, octets }: Composed, flow: Flow): void {
    this.#context.on.sent?.(request, flow);
    flow.send(octets);
  }

  fail(): void {
    // An ACK that is lost comes again, because the 2xx comes again (RFC 3261 §13.3.1.4).
  }
}
