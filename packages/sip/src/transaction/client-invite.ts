/**
 * The INVITE client transaction of RFC 3261 §17.1.1 as RFC 6026 corrects it, with the CANCEL of §9.1, as a pure
 * machine. It says what to do with the request it stands for or the response at hand; the messages themselves stay
 * with its driver.
 */
import { inviteTimers } from './timers.ts';

export type InviteClientPhase = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

export interface ClientInviteState {
  readonly phase: InviteClientPhase;
  readonly reliable: boolean;
  /** The user wants the request cancelled. */
  readonly cancelled: boolean;
  /** When Timer A fires; Infinity while it is not armed. Milliseconds, as all times here. */
  readonly retransmitAt: number;
  /** The interval that led to `retransmitAt`. */
  readonly retransmitInterval: number;
  /**
   * When Timer B fires, in `completed` Timer D, in `accepted` Timer M, in `proceeding` the wait of a cancelled request;
   * Infinity for any other request that is proceeding, and in `terminated`.
   */
  readonly endAt: number;
}

/**
 * `provisional`, `success` (2xx) and `failure` (300 to 699) are responses; `cancel` is the user's wish; `wake` says that
 * time has passed; `transport-error` that sending failed.
 */
export type ClientInviteInput = 'provisional' | 'success' | 'failure' | 'cancel' | 'wake' | 'transport-error';

/**
 * `send` is the request, `acknowledge` the ACK to the failure at hand or the one before it, `send-cancel` the CANCEL;
 * `deliver` hands the response at hand to the user; the other ones tell him the end.
 */
export type ClientInviteOutput = 'send' | 'acknowledge' | 'send-cancel' | 'deliver' | 'timeout' | 'transport-failure' | 'terminated';

export interface ClientInviteStep {
  readonly state: ClientInviteState;
  readonly outputs: readonly ClientInviteOutput[];
}

const nothing: readonly ClientInviteOutput[] = [];
const send: readonly ClientInviteOutput[] = ['send'];
const sendCancel: readonly ClientInviteOutput[] = ['send-cancel'];
const deliver: readonly ClientInviteOutput[] = ['deliver'];
const deliverAndCancel: readonly ClientInviteOutput[] = ['deliver', 'send-cancel'];
const acknowledge: readonly ClientInviteOutput[] = ['acknowledge'];
const acknowledgeAndDeliver: readonly ClientInviteOutput[] = ['acknowledge', 'deliver'];
const acknowledgeDeliverAndEnd: readonly ClientInviteOutput[] = ['acknowledge', 'deliver', 'terminated'];
const timeOut: readonly ClientInviteOutput[] = ['timeout', 'terminated'];
const fail: readonly ClientInviteOutput[] = ['transport-failure', 'terminated'];
const end: readonly ClientInviteOutput[] = ['terminated'];
const never = Number.POSITIVE_INFINITY;

/** The request goes out and Timers A and B start. */
export function startClientInvite(reliable: boolean, now: number): ClientInviteStep {
  const { A, B } = inviteTimers(reliable);
  const state: ClientInviteState = {
    phase: 'calling',
    reliable,
    cancelled: false,
    retransmitAt: now + A,
    retransmitInterval: A,
    endAt: now + B,
  };
  return { state, outputs: send };
}

/** When the machine wants its next `wake`; Infinity: not at all. */
export function clientInviteDeadline(state: ClientInviteState): number {
  return Math.min(state.retransmitAt, state.endAt);
}

export function stepClientInvite(state: ClientInviteState, input: ClientInviteInput, now: number): ClientInviteStep {
  switch (state.phase) {
    case 'calling':
      return stepCalling(state, input, now);
    case 'proceeding':
      return stepProceeding(state, input, now);
    case 'accepted':
      return stepAccepted(state, input, now);
    case 'completed':
      return stepCompleted(state, input, now);
    case 'terminated':
      return { state, outputs: nothing };
  }
}

function stepCalling(state: ClientInviteState, input: ClientInviteInput, now: number): ClientInviteStep {
  switch (input) {
    case 'provisional':
      return proceed(state, now);
    case 'success':
      return accept(state, now);
    case 'failure':
      return complete(state, now);
    case 'cancel':
      // Nobody is known to have the request, so that a CANCEL might arrive before it (RFC 3261 §9.1).
      return { state: { ...state, cancelled: true }, outputs: nothing };
    case 'wake':
      return wakeCalling(state, now);
    case 'transport-error':
      return { state: terminated(state), outputs: fail };
  }
}

function stepProceeding(state: ClientInviteState, input: ClientInviteInput, now: number): ClientInviteStep {
  switch (input) {
    case 'provisional':
      return { state, outputs: deliver };
    case 'success':
      return accept(state, now);
    case 'failure':
      return complete(state, now);
    case 'cancel':
      if (state.cancelled) return { state, outputs: nothing };
      return { state: { ...state, cancelled: true, endAt: now + inviteTimers(state.reliable).cancelled }, outputs: sendCancel };
    case 'wake':
      return now >= state.endAt ? { state: terminated(state), outputs: timeOut } : { state, outputs: nothing };
    case 'transport-error':
      // Somebody has the request; his answer may come another way (RFC 3261 §18.2.2).
      return { state, outputs: nothing };
  }
}

/** Only further 2xx count: from other branches of a fork, or retransmitted until their ACK has come. */
function stepAccepted(state: ClientInviteState, input: ClientInviteInput, now: number): ClientInviteStep {
  if (input === 'success') return { state, outputs: deliver };
  return input === 'wake' && now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
}

function stepCompleted(state: ClientInviteState, input: ClientInviteInput, now: number): ClientInviteStep {
  switch (input) {
    case 'failure':
      return { state, outputs: acknowledge };
    case 'wake':
      return now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
    case 'transport-error':
      return { state: terminated(state), outputs: fail };
    case 'provisional':
    case 'success':
    case 'cancel':
      return { state, outputs: nothing };
  }
}

function wakeCalling(state: ClientInviteState, now: number): ClientInviteStep {
  if (now >= state.endAt) return { state: terminated(state), outputs: timeOut };
  if (now < state.retransmitAt) return { state, outputs: nothing };
  const retransmitInterval = 2 * state.retransmitInterval;
  return { state: { ...state, retransmitInterval, retransmitAt: now + retransmitInterval }, outputs: send };
}

function proceed(state: ClientInviteState, now: number): ClientInviteStep {
  const { reliable, cancelled } = state;
  const endAt = cancelled ? now + inviteTimers(reliable).cancelled : never;
  return { state: quiet(state, 'proceeding', endAt), outputs: cancelled ? deliverAndCancel : deliver };
}

function accept(state: ClientInviteState, now: number): ClientInviteStep {
  return { state: quiet(state, 'accepted', now + inviteTimers(state.reliable).M), outputs: deliver };
}

function complete(state: ClientInviteState, now: number): ClientInviteStep {
  const { D } = inviteTimers(state.reliable);
  if (D === 0) return { state: terminated(state), outputs: acknowledgeDeliverAndEnd };
  return { state: quiet(state, 'completed', now + D), outputs: acknowledgeAndDeliver };
}

/** A state in which the request is not retransmitted any more. */
function quiet({ reliable, cancelled }: ClientInviteState, phase: InviteClientPhase, endAt: number): ClientInviteState {
  return { phase, reliable, cancelled, retransmitAt: never, retransmitInterval: 0, endAt };
}

function terminated(state: ClientInviteState): ClientInviteState {
  return quiet(state, 'terminated', never);
}
