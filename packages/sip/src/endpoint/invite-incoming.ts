/** What comes in of INVITE, its ACK and its CANCEL. */
import { checkRequest } from '../message/check-request.ts';
import { type Via, viaHeader } from '../message/headers/via.ts';
import type { SipRequest } from '../message/message.ts';
import type { Flow } from '../platform.ts';
import { serverKey } from '../transaction/keys.ts';
import type { EndpointContext } from './context.ts';
import type { AcknowledgementHandler, InviteHandler, InviteServerTransaction } from './invite-options.ts';
import type { InviteServerTransactions } from './invite-server-transactions.ts';
import type { ReplyPath } from './server-transactions.ts';
import { withSource } from './vias.ts';

export interface InviteIncomingParts {
  readonly context: EndpointContext;
  readonly servers: InviteServerTransactions;
  /** Asked for each request, because they may be set late. */
  readonly handler: () => InviteHandler;
  readonly acknowledgementHandler: () => AcknowledgementHandler;
}

export class InviteIncoming {
  readonly #parts: InviteIncomingParts;

  constructor(parts: InviteIncomingParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#parts.servers.size;
  }

  get handler(): InviteHandler {
    return this.#parts.handler();
  }

  absorb(key: string, flow: Flow): boolean {
    return this.#parts.servers.absorb(key, flow);
  }

  open(key: string, request: SipRequest, flow: Flow, path: ReplyPath): InviteServerTransaction {
    return this.#parts.servers.open(key, request, flow, path);
  }

  /** An ACK is never answered, so that a malformed one is dropped. */
  acknowledged(request: SipRequest, flow: Flow): void {
    const via = request.headers.value(viaHeader);
    if (checkRequest(request) !== undefined || via === undefined) return;
    if (this.#parts.servers.acknowledged(serverKey(request, via))) return;
    try {
      this.#parts.acknowledgementHandler()(withSource(request, via, flow.remote), flow);
    } catch (error) {
      this.#parts.context.fault(error);
    }
  }

  /** Whether the CANCEL is for an INVITE that is known here (RFC 3261 §9.2). */
  cancels(cancel: SipRequest, via: Via): boolean {
    return this.#parts.servers.has(keyOfCancelled(cancel, via));
  }

  cancelled(cancel: SipRequest, via: Via): void {
    this.#parts.servers.cancelled(keyOfCancelled(cancel, via), cancel);
  }
}

/** All that names a CANCEL but its method names its INVITE. */
function keyOfCancelled(cancel: SipRequest, via: Via): string {
  return serverKey({ ...cancel, method: 'INVITE' }, via);
}
