import type { SipResponse } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';

/** What became of all legs of a message together. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly acceptance: Acceptance }
  | { readonly kind: 'no-suitable-client' }
  /** Every client has answered or is out of reach, none with 2xx. */
  | { readonly kind: 'refused'; readonly undelivered: Undelivered }
  | Unanswered;

/** Nobody said 2xx in time; the client transactions go on. */
export interface Unanswered {
  readonly kind: 'unanswered';
  /** Whether one still did. */
  readonly late: Promise<Acceptance | undefined>;
  readonly legs: readonly ClientLeg[];
}

/** Requests that went to clients before the message was deferred. */
export interface EarlierLegs {
  readonly legs: readonly ClientLeg[];
  /** Whether one that was still under way was accepted after all. */
  readonly late?: Promise<Acceptance | undefined>;
  /** Clients that are to get it at once, behind what waits for them. */
  readonly waiting?: readonly Binding[];
}

/** One client's request; `ended` settles with its transaction. */
export interface ClientLeg {
  readonly client: Binding;
  readonly ended: Promise<LegOutcome>;
}

/** A client's 2xx. */
export interface Acceptance {
  readonly status: number;
  /** The client got mere text and cannot send the delivery notification: the function does. */
  readonly byText: boolean;
}

/** What one leg, to a client or to the ISF, made of the message. */
export type LegOutcome =
  | { readonly kind: 'accepted'; readonly acceptance: Acceptance }
  /** Without response it was silent, not reached, or has no adapter. */
  | { readonly kind: 'failed'; readonly response?: SipResponse; readonly temporary: boolean };

export function legOutcome(response: SipResponse, byText: boolean): LegOutcome {
  if (response.status < 300) return { kind: 'accepted', acceptance: { status: response.status, byText } };
  return { kind: 'failed', response, temporary: !refusesForGood(response) };
}

/** Answers by which a client refuses for good (decision 44). */
const permanentStatuses: ReadonlySet<number> = new Set([404, 405, 410, 413, 415, 416, 420, 488, 501, 513, 603, 606]);

export function refusesForGood(response: SipResponse): boolean {
  return permanentStatuses.has(response.status);
}

/** How it came that nobody has the message. */
export interface Undelivered {
  /** What the clients answered; none when there was no suitable one, or when the adapter of an action is absent. */
  readonly responses: readonly SipResponse[];
  /** At another time it may be otherwise: a client was silent, busy or asked for something that nobody here has. */
  readonly temporary: boolean;
  /** The ISF was asked and did not take it. */
  readonly notInterworked?: boolean;
  /** The requests to clients, all ended. */
  readonly legs?: readonly ClientLeg[];
}
