/**
 * The INVITE server transaction of RFC 3261 §17.2.1 as RFC 6026 corrects it, as a pure machine. It says what to do
 * with the response at hand or the one sent last; the messages themselves stay with its driver.
 */
import { inviteTimers, T2 } from './timers.ts';

export type InviteServerPhase = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

export interface ServerInviteState {
  readonly phase: InviteServerPhase;
  readonly reliable: boolean;
  /** When a 100 goes out because the user has said nothing; Infinity once something was sent. Milliseconds. */
  readonly tryingAt: number;
  /** When Timer G fires; Infinity while it is not armed. */
  readonly retransmitAt: number;
  /** The interval that led to `retransmitAt`. */
  readonly retransmitInterval: number;
  /** When Timer H, I or L fires; Infinity while the user may answer, and in `terminated`. */
  readonly endAt: number;
}

/**
 * `request` is a retransmission, `acknowledgement` an ACK of this transaction; `provisional`, `success` (2xx) and
 * `failure` (300 to 699) are responses of the user; `transport-error` says that a response could not be sent.
 */
export type ServerInviteInput = 'request' | 'acknowledgement' | 'provisional' | 'success' | 'failure' | 'wake' | 'transport-error';

/**
 * `send` is the response at hand, `resend` the last one sent, `send-trying` a 100 that the driver makes;
 * `deliver-acknowledgement` hands an ACK to the user; `unacknowledged` and `transport-failure` tell him what went wrong.
 */
export type ServerInviteOutput =
  | 'send'
  | 'resend'
  | 'send-trying'
  | 'deliver-acknowledgement'
  | 'unacknowledged'
  | 'transport-failure'
  | 'terminated';

export interface ServerInviteStep {
  readonly state: ServerInviteState;
  readonly outputs: readonly ServerInviteOutput[];
}

const nothing: readonly ServerInviteOutput[] = [];
const send: readonly ServerInviteOutput[] = ['send'];
const resend: readonly ServerInviteOutput[] = ['resend'];
const sendTrying: readonly ServerInviteOutput[] = ['send-trying'];
const deliverAcknowledgement: readonly ServerInviteOutput[] = ['deliver-acknowledgement'];
const giveUp: readonly ServerInviteOutput[] = ['unacknowledged', 'terminated'];
const fail: readonly ServerInviteOutput[] = ['transport-failure'];
const end: readonly ServerInviteOutput[] = ['terminated'];
const never = Number.POSITIVE_INFINITY;

/** The request has come and goes to the user. */
export function startServerInvite(reliable: boolean, now: number): ServerInviteState {
  const { trying } = inviteTimers(reliable);
  return { phase: 'proceeding', reliable, tryingAt: now + trying, retransmitAt: never, retransmitInterval: 0, endAt: never };
}

/** When the machine wants its next `wake`; Infinity: not at all. */
export function serverInviteDeadline(state: ServerInviteState): number {
  return Math.min(state.tryingAt, state.retransmitAt, state.endAt);
}

export function stepServerInvite(state: ServerInviteState, input: ServerInviteInput, now: number): ServerInviteStep {
  // What could not be sent leaves the machine where it is: a retransmission may pass (RFC 6026 §8.8).
  if (input === 'transport-error') return { state, outputs: state.phase === 'terminated' ? nothing : fail };
  switch (state.phase) {
    case 'proceeding':
      return stepProceeding(state, input, now);
    case 'accepted':
      return stepAccepted(state, input, now);
    case 'completed':
      return stepCompleted(state, input, now);
    case 'confirmed':
      return input === 'wake' && now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
    case 'terminated':
      return { state, outputs: nothing };
  }
}

type Input = Exclude<ServerInviteInput, 'transport-error'>;

function stepProceeding(state: ServerInviteState, input: Input, now: number): ServerInviteStep {
  switch (input) {
    case 'request':
      return { state, outputs: state.tryingAt === never ? resend : nothing };
    case 'acknowledgement':
      return { state, outputs: nothing };
    case 'provisional':
      return { state: { ...state, tryingAt: never }, outputs: send };
    case 'success':
      return { state: quiet(state, 'accepted', now + inviteTimers(state.reliable).L), outputs: send };
    case 'failure':
      return complete(state, now);
    case 'wake':
      return now >= state.tryingAt ? { state: { ...state, tryingAt: never }, outputs: sendTrying } : { state, outputs: nothing };
  }
}

/** The request is absorbed; 2xx of the user, retransmitted or of further branches, pass (RFC 6026 §7.1). */
function stepAccepted(state: ServerInviteState, input: Input, now: number): ServerInviteStep {
  switch (input) {
    case 'success':
      return { state, outputs: send };
    case 'acknowledgement':
      return { state, outputs: deliverAcknowledgement };
    case 'wake':
      return now >= state.endAt ? { state: terminated(state), outputs: end } : { state, outputs: nothing };
    case 'request':
    case 'provisional':
    case 'failure':
      return { state, outputs: nothing };
  }
}

function stepCompleted(state: ServerInviteState, input: Input, now: number): ServerInviteStep {
  switch (input) {
    case 'request':
      return { state, outputs: resend };
    case 'acknowledgement':
      return confirm(state, now);
    case 'wake':
      return wakeCompleted(state, now);
    case 'provisional':
    case 'success':
    case 'failure':
      return { state, outputs: nothing };
  }
}

function wakeCompleted(state: ServerInviteState, now: number): ServerInviteStep {
  if (now >= state.endAt) return { state: terminated(state), outputs: giveUp };
  if (now < state.retransmitAt) return { state, outputs: nothing };
  const retransmitInterval = Math.min(2 * state.retransmitInterval, T2);
  return { state: { ...state, retransmitInterval, retransmitAt: now + retransmitInterval }, outputs: resend };
}

function complete(state: ServerInviteState, now: number): ServerInviteStep {
  const { G, H } = inviteTimers(state.reliable);
  const completed = quiet(state, 'completed', now + H);
  return { state: { ...completed, retransmitAt: now + G, retransmitInterval: G }, outputs: send };
}

function confirm(state: ServerInviteState, now: number): ServerInviteStep {
  const { I } = inviteTimers(state.reliable);
  if (I === 0) return { state: terminated(state), outputs: end };
  return { state: quiet(state, 'confirmed', now + I), outputs: nothing };
}

/** A state in which no response is retransmitted. */
function quiet({ reliable }: ServerInviteState, phase: InviteServerPhase, endAt: number): ServerInviteState {
  return { phase, reliable, tryingAt: never, retransmitAt: never, retransmitInterval: 0, endAt };
}

function terminated(state: ServerInviteState): ServerInviteState {
  return quiet(state, 'terminated', never);
}
