import type { ParseLimits } from '../message/limits.ts';
import type { SipMessage, SipRequest, SipResponse } from '../message/message.ts';
import type { OctetCodec } from '../message/octets.ts';
import type { Clock, ConnectResult, Flow, Hashes, HostPort, Network, Random, TransportName } from '../platform.ts';

export interface EndpointOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly octets: OctetCodec;
  readonly hashes: Hashes;
  readonly limits?: Partial<EndpointLimits>;
  /** Bounds of a single message. */
  readonly parseLimits?: Partial<ParseLimits>;
  /**
   * Methods that reach `onRequest`, and INVITE that reaches `onInvite`; the other ones are answered 405. `any` lets all of
   * them in, as a proxy needs it. ACK and CANCEL go with INVITE and cannot be named.
   */
  readonly allow?: readonly string[] | 'any';
  /** Put as User-Agent on requests and as Server on responses that carry none. */
  readonly userAgentOrServer?: string;
  /**
   * Whether a peer is believed where its responses go when its connection is gone and its address takes no new one: to
   * the sent-by of its Via, a name in most cases (RFC 3263 §5). Nobody is when left out.
   */
  readonly followsSentBy?: (source: HostPort) => boolean;
  /**
   * Asked before a request is answered without a transaction: for its form, its method, a limit. False: it is dropped
   * without an answer, which a server may want for an address that sends many of them. Left out: every one is answered.
   */
  readonly answersRefusals?: (flow: Flow) => boolean;
  readonly on?: EndpointEvents;
}

/** Each number is a bound; past it a peer is refused and memory stays flat. */
export interface EndpointLimits {
  /** Server transactions, those included whose answer is only kept for retransmissions. Past it: 503. */
  readonly serverTransactions: number;
  /** Client transactions, those included that only absorb retransmissions. Past it: transport-failure. */
  readonly clientTransactions: number;
  /** Seconds in the Retry-After of that 503. */
  readonly retryAfterSeconds: number;
  /** Flows that learnFlow keeps; the ones not learnt again for longest are forgotten first. */
  readonly learntFlows: number;
  /** A longer request to a UDP address goes over TCP when that works (RFC 3261 §18.1.1). Octets. */
  readonly datagramRequestOctets: number;
  /** A longer request to a UDP address fails when TCP does not work. Octets. */
  readonly udpRequestOctets: number;
  /** How long a connection to a TCP address may take to open. Milliseconds. */
  readonly connectMilliseconds: number;
  /** The same for a request that goes over TCP only because it is long. Milliseconds. */
  readonly detourMilliseconds: number;
  /** How long a failed detour keeps other long requests to that address from trying. Milliseconds. */
  readonly detourPauseMilliseconds: number;
  /** Addresses whose failed detour is remembered. */
  readonly detourPauses: number;
  /** How often a connection that was opened here is pinged (RFC 5626 §3.5.1); Infinity: never. Milliseconds. */
  readonly pingMilliseconds: number;
  /** How long the answer to a ping may take (RFC 5626 §4.4.1). Milliseconds. */
  readonly pongMilliseconds: number;
}

export const defaultEndpointLimits: EndpointLimits = {
  serverTransactions: 200_000,
  clientTransactions: 200_000,
  // Timer J frees what a short burst has filled within 32 s; most of it is older.
  retryAfterSeconds: 10,
  learntFlows: 200_000,
  // RFC 3261 §18.1.1 when the path MTU is unknown.
  datagramRequestOctets: 1_300,
  udpRequestOctets: 8_192,
  connectMilliseconds: 10_000,
  detourMilliseconds: 2_000,
  detourPauseMilliseconds: 60_000,
  detourPauses: 10_000,
  pingMilliseconds: Number.POSITIVE_INFINITY,
  pongMilliseconds: 10_000,
};

/** Methods of user agents without dialogs. */
export const defaultAllow: readonly string[] = ['MESSAGE', 'OPTIONS', 'REGISTER'];

/** For logs and metrics. A listener that throws is a fault like any other. */
export interface EndpointEvents {
  /** A message that parsed, retransmissions included. */
  received?(message: SipMessage, flow: Flow): void;
  /** A message as it goes out for the first time. */
  sent?(message: SipMessage, flow: Flow): void;
  /** Octets that are no SIP message. They were answered when there was enough to answer. */
  malformed?(reason: string, octets: Uint8Array, flow: Flow): void;
  /** A request that was answered without reaching `onRequest`. */
  refused?(status: number, request: SipRequest, flow: Flow): void;
  /** A retransmission: of a request that came again, or of one that is sent again. */
  retransmitted?(direction: 'received' | 'sent', flow: Flow): void;
  /** A response that belongs to no transaction. */
  stray?(response: SipResponse, flow: Flow): void;
  /** A request that `onRequest` left unanswered until its client gave up. */
  unanswered?(request: SipRequest, flow: Flow): void;
  /** A final response to an INVITE whose ACK never came. */
  unacknowledged?(request: SipRequest, flow: Flow): void;
  /** A response that could not be sent. */
  undeliverable?(flow: Flow, reason: string): void;
  /** A request over the limit for datagrams that went over UDP because TCP did not work. */
  longDatagram?(octets: number, remote: HostPort): void;
  flowOpened?(flow: Flow): void;
  flowClosed?(flow: Flow, reason: string): void;
  /**
   * What `onRequest`, a listener or this library threw. Without this listener the error is thrown on, which ends a
   * Node process.
   */
  fault?(error: unknown): void;
}

/** A flow as it is, or an address: UDP leaves through a listener, TCP reuses or opens a connection. */
export type Target =
  | { readonly flow: Flow }
  | {
      readonly transport: TransportName;
      /** `host` is an address, not a name. */
      readonly address: HostPort;
    };

export interface RequestOptions {
  /** Ends the transaction early; the outcome is then transport-failure with the reason `aborted`. */
  readonly signal?: AbortSignal;
  /**
   * The Via branch, with its magic cookie. With the same Call-ID, CSeq and branch a request that is sent again after a
   * crash is a retransmission to its receiver. While a transaction with that branch lives, its outcome is shared.
   */
  readonly branch?: string;
  /** Called for each provisional response: somebody is there and works on it. */
  readonly onProvisional?: (response: SipResponse) => void;
  /**
   * Asked when the request is longer than `datagramRequestOctets` and its target is UDP: the connection to take, in place
   * of one to the same address. When there is none the request goes over UDP up to `udpRequestOctets`. Never rejects.
   */
  readonly detour?: () => Promise<ConnectResult>;
}

export type ClientOutcome =
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transport-failure'; readonly reason: string };

/** One request from a peer and the one answer to it. */
export interface ServerTransaction {
  /** With `received` and `rport` in its top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly source: HostPort;
  /** True once a final response was given. */
  readonly answered: boolean;
  /**
   * Sends a response, made with `responseTo` or relayed without the own Via. A 100 goes out when RFC 4320 allows it.
   * Throws for a second final response, for 408 and for provisional responses other than 100, none of which may be
   * sent to a non-INVITE request (RFC 4320 §4).
   */
  respond(response: SipResponse): void;
  /** Forgets the request without an answer; a retransmission of it is a new request. For requests that only cost. */
  discard(): void;
}

export type RequestHandler = (transaction: ServerTransaction) => void | Promise<void>;

/** What an endpoint holds at one moment. */
export interface EndpointLoad {
  /** Those included whose answer is only kept for retransmissions. */
  readonly serverTransactions: number;
  /** Those included that only absorb retransmissions. */
  readonly clientTransactions: number;
  /** Requests other than INVITE that `onRequest` has not given a final answer yet. */
  readonly openTransactions: number;
  readonly connections: number;
}
