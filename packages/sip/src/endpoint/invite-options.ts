/** The face of INVITE at an endpoint; the one of other requests is in options.ts. */
import type { Headers } from '../message/headers.ts';
import type { SipRequest, SipResponse } from '../message/message.ts';
import type { Flow, TransportName } from '../platform.ts';
import type { RequestOptions, ServerTransaction } from './options.ts';

/** What an INVITE that was sent comes to. Nothing is called before `invite` has returned. */
export interface InviteEvents {
  /**
   * Each provisional response, the one final response other than 2xx (its ACK is sent already), and each 2xx that comes
   * within 32 s of the first, retransmissions included: those the user acknowledges. The own Via is still on top.
   */
  response(response: SipResponse): void;
  /** No final response came, or none within 32 s of the CANCEL. Nothing follows. */
  failed(failure: InviteFailure): void;
}

export type InviteFailure = { readonly kind: 'timeout' } | { readonly kind: 'transport-failure'; readonly reason: string };

/** As for other requests. */
export type InviteOptions = Pick<RequestOptions, 'branch' | 'detour'>;

/** An INVITE under way. */
export interface SentInvite {
  readonly branch: string;
  /**
   * Asks for the end of a request that has no final response: a CANCEL goes out at once, or as soon as a provisional
   * response has shown that the INVITE has arrived (RFC 3261 §9.1). `headers` are put on it, such as Reason. A second
   * call, and one after a final response, does nothing. What comes is told by the events all the same.
   */
  cancel(headers?: Headers): void;
}

/** One INVITE from a peer. 100 is sent by itself when the user has said nothing for 200 ms (RFC 3261 §17.2.1). */
export interface InviteServerTransaction extends ServerTransaction {
  /**
   * Called once when a CANCEL comes before a final response; that CANCEL is answered 200 already. The INVITE still wants
   * its final response, 487 as a rule (RFC 3261 §9.2).
   */
  onCancel: ((cancel: SipRequest) => void) | undefined;
  /**
   * Sends a response, made with `responseTo` or relayed without the own Via. Any number of provisional ones, then one
   * final. A failure is retransmitted until its ACK comes. After a 2xx, and after anything else, further 2xx may be
   * passed: a user agent repeats its 2xx until the ACK has come (RFC 3261 §13.3.1.4), a proxy relays those of others
   * however late they are (§16.7 step 5). Throws for any other response after a final one.
   */
  respond(response: SipResponse): void;
}

export type InviteHandler = (transaction: InviteServerTransaction) => void | Promise<void>;

/** Gets an ACK that belongs to no transaction here: that to a 2xx. It has no answer. */
export type AcknowledgementHandler = (request: SipRequest, flow: Flow) => void;

/** How an endpoint names itself towards a peer. */
export interface OwnAddress {
  readonly transport: TransportName;
  /** As it stands in a Via or a URI: `192.0.2.1:5060`, `[2001:db8::1]:5060`. */
  readonly sentBy: string;
}
