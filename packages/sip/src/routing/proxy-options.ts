/** What a proxy needs, what it is asked to do, and its bounds. */
import type { ClientOutcome, RequestOptions, Target } from '../endpoint/options.ts';
import type { Endpoint } from '../endpoint.ts';
import type { SipRequest, SipResponse } from '../message/message.ts';
import type { Clock } from '../platform.ts';
import type { SipUri } from '../uri/uri.ts';
import type { Destination } from './forward-request.ts';
import type { LoopDetectionOptions } from './loop-detection.ts';

export interface ProxyOptions extends LoopDetectionOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** A tag for answers that are made here. */
  readonly newTag: () => string;
  readonly limits?: Partial<ProxyLimits>;
  /** Errors of the user's callbacks. */
  readonly fault: (error: unknown) => void;
}

export interface ProxyLimits {
  /** Timer C: how long an INVITE may ring at one target. Milliseconds, above three minutes (RFC 3261 §16.6 step 11). */
  readonly timerCMilliseconds: number;
  /** How long targets of another request may be waited for: less than Timer F of its sender. Milliseconds. */
  readonly answerMilliseconds: number;
  /** Places that are tried for one target. */
  readonly places: number;
}

export const defaultProxyLimits: ProxyLimits = { timerCMilliseconds: 185_000, answerMilliseconds: 30_000, places: 8 };

/** One of those who may answer. */
export interface ProxyTarget extends Destination {
  /** Preference, 0 to 1; 1 when left out. Equal ones are tried at once, lower ones when all higher ones have failed. */
  readonly q?: number;
  /** Where the next hop may be, the first to be tried first (RFC 3263 §4); none when it is nowhere. */
  locate(nextHop: SipUri): Promise<readonly Target[]> | readonly Target[];
  /** Told what became of the request at each place; a 2xx of an INVITE as soon as the first one comes. */
  tried?(place: Target, outcome: ClientOutcome): void;
  /** Stands for an answer that never came because no place could be reached: 503, which becomes 500, when left out. */
  readonly unreachableStatus?: number;
  /** As for requests of the endpoint. */
  readonly detour?: RequestOptions['detour'];
  /** The user part of the Record-Route for a place; without it the proxy leaves the dialog to others. */
  readonly recordRoute?: (place: Target) => string;
  /** Changes the request for one place, when everything else is in it. */
  finish?(request: SipRequest, place: Target): SipRequest;
  /** Changes a response that came from a place before anything is done with it. */
  clean?(response: SipResponse, place: Target): SipResponse;
}

export interface Forwarding {
  /** With the Route values of this proxy taken off, and everything that is not to travel. */
  readonly request: SipRequest;
  /** At least one. */
  readonly targets: readonly ProxyTarget[];
  /** Told the status of the final response, of several 2xx that of the first. */
  readonly answered?: (status: number) => void;
}
