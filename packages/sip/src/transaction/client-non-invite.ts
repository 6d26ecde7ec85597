/**
 * The non-INVITE client transaction of RFC 3261 §17.1.2, as a pure machine. It says what to do with the request it
 * stands for or the response at hand; the messages themselves stay with its driver.
 */
import { nonInviteTimers, T2 } from './timers.ts';

export type ClientPhase = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ClientNonInviteState {
  readonly phase: ClientPhase;
  readonly reliable: boolean;
  /** When Timer E fires; Infinity while it is not armed. Milliseconds, as all times here. */
  readonly retransmitAt: number;
  /** The interval that led to `retransmitAt`. */
  readonly retransmitInterval: number;
  /** When Timer F fires, or in `completed` Timer K; Infinity in `terminated`. */
  readonly endAt: number;
}

/** `provisional` and `final` are responses; `wake` says that time has passed; `transport-error` that sending failed. */
export type ClientInput = 'provisional' | 'final' | 'wake' | 'transport-error';

/** `send` is the request; `deliver` hands the response at hand to the user; the other ones tell him the end. */
export type ClientOutput = 'send' | 'deliver' | 'timeout' | 'transport-failure' | 'terminated';

export interface ClientStep {
  readonly state: ClientNonInviteState;
  readonly outputs: readonly ClientOutput[];
}

const nothing: readonly ClientOutput[] = [];
const send: readonly ClientOutput[] = ['send'];
const deliver: readonly ClientOutput[] = ['deliver'];
const deliverAndEnd: readonly ClientOutput[] = ['deliver', 'terminated'];
const timeOut: readonly ClientOutput[] = ['timeout', 'terminated'];
const fail: readonly ClientOutput[] = ['transport-failure', 'terminated'];
const end: readonly ClientOutput[] = ['terminated'];
const never = Number.POSITIVE_INFINITY;

/** The request goes out and Timers E and F start. */
export function startClientNonInvite(reliable: boolean, now: number): ClientStep {
  const { E, F } = nonInviteTimers(reliable);
  return { state: { phase: 'trying', reliable, retransmitAt: now + E, retransmitInterval: E, endAt: now + F }, outputs: send };
}

/** When the machine wants its next `wake`; Infinity: not at all. */
export function clientNonInviteDeadline(state: ClientNonInviteState): number {
  return Math.min(state.retransmitAt, state.endAt);
}

export function stepClientNonInvite(state: ClientNonInviteState, input: ClientInput, now: number): ClientStep {
  switch (state.phase) {
    case 'trying':
    case 'proceeding':
      return stepUnanswered(state, input, now);
    case 'completed':
      return input === 'wake' && now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
    case 'terminated':
      return { state, outputs: nothing };
  }
}

function stepUnanswered(state: ClientNonInviteState, input: ClientInput, now: number): ClientStep {
  switch (input) {
    case 'provisional':
      return { state: state.phase === 'proceeding' ? state : { ...state, phase: 'proceeding' }, outputs: deliver };
    case 'final':
      return complete(state, now);
    case 'wake':
      return wakeUnanswered(state, now);
    case 'transport-error':
      return { state: terminated(state), outputs: fail };
  }
}

function complete(state: ClientNonInviteState, now: number): ClientStep {
  const { K } = nonInviteTimers(state.reliable);
  if (K === 0) return { state: terminated(state), outputs: deliverAndEnd };
  return {
    state: { phase: 'completed', reliable: state.reliable, retransmitAt: never, retransmitInterval: 0, endAt: now + K },
    outputs: deliver,
  };
}

function wakeUnanswered(state: ClientNonInviteState, now: number): ClientStep {
  if (now >= state.endAt) return { state: terminated(state), outputs: timeOut };
  if (now < state.retransmitAt) return { state, outputs: nothing };
  const retransmitInterval = state.phase === 'proceeding' ? T2 : Math.min(2 * state.retransmitInterval, T2);
  return { state: { ...state, retransmitInterval, retransmitAt: now + retransmitInterval }, outputs: send };
}

function terminated(state: ClientNonInviteState): ClientNonInviteState {
  return { phase: 'terminated', reliable: state.reliable, retransmitAt: never, retransmitInterval: 0, endAt: never };
}
