/**
 * The non-INVITE server transaction of RFC 3261 §17.2.2 as RFC 4320 corrects it, as a pure machine. It says what to
 * do with the response at hand or the one sent last; the messages themselves stay with its driver.
 */
import { nonInviteTimers } from './timers.ts';

export type ServerPhase = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ServerNonInviteState {
  readonly phase: ServerPhase;
  readonly reliable: boolean;
  /** When an unanswered request is answered 100 (RFC 4320 §4.1); Infinity once that is done or needless. Milliseconds. */
  readonly tryingAt: number;
  /**
   * When the client has given up (its Timer F), or in `completed` Timer J; Infinity in `terminated`. An answer after
   * the client's Timer F would only travel in vain (RFC 4320 §4.2), so the transaction ends without one.
   */
  readonly endAt: number;
}

/** `request` is a retransmission; `provisional` is a 100 and `final` a final response from the user. */
export type ServerInput = 'request' | 'provisional' | 'final' | 'wake' | 'transport-error';

/**
 * `send` is the response at hand, `resend` the last one sent, `send-trying` a 100 that the driver makes. `unanswered`
 * and `transport-failure` tell the user how it ended.
 */
export type ServerOutput = 'send' | 'resend' | 'send-trying' | 'unanswered' | 'transport-failure' | 'terminated';

export interface ServerStep {
  readonly state: ServerNonInviteState;
  readonly outputs: readonly ServerOutput[];
}

const nothing: readonly ServerOutput[] = [];
const send: readonly ServerOutput[] = ['send'];
const resend: readonly ServerOutput[] = ['resend'];
const sendTrying: readonly ServerOutput[] = ['send-trying'];
const sendAndEnd: readonly ServerOutput[] = ['send', 'terminated'];
const giveUp: readonly ServerOutput[] = ['unanswered', 'terminated'];
const fail: readonly ServerOutput[] = ['transport-failure', 'terminated'];
const end: readonly ServerOutput[] = ['terminated'];
const never = Number.POSITIVE_INFINITY;

/** The request has come and goes to the user. */
export function startServerNonInvite(reliable: boolean, now: number): ServerNonInviteState {
  const { trying, F } = nonInviteTimers(reliable);
  return { phase: 'trying', reliable, tryingAt: now + trying, endAt: now + F };
}

/** The state of a transaction that has sent its final response over an unreliable transport and ends at that time. */
export function completedServerNonInvite(endAt: number): ServerNonInviteState {
  return { phase: 'completed', reliable: false, tryingAt: never, endAt };
}

/** When the machine wants its next `wake`; Infinity: not at all. */
export function serverNonInviteDeadline(state: ServerNonInviteState): number {
  return Math.min(state.tryingAt, state.endAt);
}

export function stepServerNonInvite(state: ServerNonInviteState, input: ServerInput, now: number): ServerStep {
  switch (state.phase) {
    case 'trying':
      return stepTrying(state, input, now);
    case 'proceeding':
      return stepProceeding(state, input, now);
    case 'completed':
      return stepCompleted(state, input, now);
    case 'terminated':
      return { state, outputs: nothing };
  }
}

function stepTrying(state: ServerNonInviteState, input: ServerInput, now: number): ServerStep {
  switch (input) {
    case 'request':
    case 'transport-error':
      return { state, outputs: nothing };
    case 'provisional':
      if (!state.reliable && now < state.tryingAt) return { state, outputs: nothing };
      return { state: { ...state, phase: 'proceeding', tryingAt: never }, outputs: send };
    case 'final':
      return complete(state, now);
    case 'wake':
      if (now >= state.endAt) return { state: terminated(state), outputs: giveUp };
      if (now < state.tryingAt) return { state, outputs: nothing };
      return { state: { ...state, phase: 'proceeding', tryingAt: never }, outputs: sendTrying };
  }
}

function stepProceeding(state: ServerNonInviteState, input: ServerInput, now: number): ServerStep {
  switch (input) {
    case 'request':
      return { state, outputs: resend };
    case 'provisional':
      return { state, outputs: send };
    case 'final':
      return complete(state, now);
    case 'wake':
      return now >= state.endAt ? { state: terminated(state), outputs: giveUp } : { state, outputs: nothing };
    case 'transport-error':
      return { state: terminated(state), outputs: fail };
  }
}

function stepCompleted(state: ServerNonInviteState, input: ServerInput, now: number): ServerStep {
  switch (input) {
    case 'request':
      return { state, outputs: resend };
    case 'provisional':
    case 'final':
      return { state, outputs: nothing };
    case 'wake':
      return now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
    case 'transport-error':
      return { state: terminated(state), outputs: fail };
  }
}

function complete(state: ServerNonInviteState, now: number): ServerStep {
  const { J } = nonInviteTimers(state.reliable);
  if (J === 0) return { state: terminated(state), outputs: sendAndEnd };
  return { state: completedServerNonInvite(now + J), outputs: send };
}

function terminated(state: ServerNonInviteState): ServerNonInviteState {
  return { phase: 'terminated', reliable: state.reliable, tryingAt: never, endAt: never };
}
