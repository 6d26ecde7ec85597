/**
 * The response context of a stateful proxy (RFC 3261 §16.6 to §16.10), as a pure machine: which targets are tried when,
 * what goes back, who is cancelled. Messages, transactions and name lookups stay with its driver; responses come
 * without the proxy's own Via.
 */
import type { SipResponse } from '../message/message.ts';
import { type BranchEnd, bestResponse } from './best-response.ts';

/**
 * `locating` waits for the places where the target may be, `calling` for any response, `ringing` has a provisional one.
 * An `ended` branch of an INVITE may still bring a 2xx.
 */
export type BranchPhase = 'locating' | 'calling' | 'ringing' | 'ended';

/** One target under way. Its attempts are the places where it may be, tried in turn (RFC 3263 §4.3). */
export interface BranchState {
  readonly target: number;
  readonly phase: BranchPhase;
  /** From 0. */
  readonly attempt: number;
  /** How many places there are. */
  readonly places: number;
  readonly cancelled: boolean;
  /** When Timer C fires; Infinity while it is not armed. Milliseconds. */
  readonly timerC: number;
}

export interface ResponseContextState {
  readonly invite: boolean;
  /** Length of Timer C of an INVITE. Milliseconds. */
  readonly timerCMilliseconds: number;
  /** When another request goes back with what has come until then; Infinity for INVITE. Milliseconds. */
  readonly giveUpAt: number;
  /** Groups of targets not tried yet, the next one first. */
  readonly waiting: readonly (readonly number[])[];
  readonly branches: readonly BranchState[];
  readonly ends: readonly BranchEnd[];
  readonly answer: 'none' | 'success' | 'failure' | 'silence';
  /** By whom sent the request. */
  readonly cancelled: boolean;
}

export type ResponseContextInput =
  | { readonly kind: 'located'; readonly target: number; readonly places: number }
  /** There is no place to try. `status` stands for the answer that could not come. */
  | { readonly kind: 'nowhere'; readonly target: number; readonly status: number }
  | { readonly kind: 'response'; readonly target: number; readonly attempt: number; readonly response: SipResponse }
  /** The transaction of an attempt ended without a final response. `status` stands for the one that never came. */
  | { readonly kind: 'failed'; readonly target: number; readonly attempt: number; readonly status: number }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'wake' };

export type ResponseContextOutput =
  | { readonly kind: 'locate'; readonly target: number }
  | { readonly kind: 'send'; readonly target: number; readonly attempt: number }
  | { readonly kind: 'cancel'; readonly target: number; readonly attempt: number; readonly because: CancelCause }
  /** A provisional response or a 2xx, to be passed at once. */
  | { readonly kind: 'relay'; readonly response: SipResponse }
  /** The one final response other than 2xx. */
  | { readonly kind: 'answer'; readonly end: BranchEnd };

/** `answered`: another branch brought a 2xx; `declined`: a 6xx; `gave-up`: the sender; `no-answer`: Timer C. */
export type CancelCause = 'answered' | 'declined' | 'gave-up' | 'no-answer';

export interface ResponseContextStep {
  readonly state: ResponseContextState;
  readonly outputs: readonly ResponseContextOutput[];
}

const never = Number.POSITIVE_INFINITY;

/** `groups` are targets by their numbers: those of one group in parallel, group after group. There is at least one. */
export function startResponseContext(
  groups: readonly (readonly number[])[],
  kind: Pick<ResponseContextState, 'invite' | 'timerCMilliseconds' | 'giveUpAt'>,
): ResponseContextStep {
  const context = new Stepping({
    ...kind,
    waiting: groups,
    branches: [],
    ends: [],
    answer: 'none',
    cancelled: false,
  });
  context.proceed();
  return context.step;
}

/** When the machine wants its next `wake`; Infinity: not at all. */
export function responseContextDeadline({ branches, answer, giveUpAt }: ResponseContextState): number {
  let deadline = answer === 'none' ? giveUpAt : never;
  for (const { timerC } of branches) if (timerC < deadline) deadline = timerC;
  return deadline;
}

export function stepResponseContext(state: ResponseContextState, input: ResponseContextInput, now: number): ResponseContextStep {
  const context = new Stepping(state);
  switch (input.kind) {
    case 'located':
      context.located(input.target, input.places, now);
      break;
    case 'nowhere':
      context.nowhere(input.target, input.status);
      break;
    case 'response':
      context.response(input.target, input.attempt, input.response, now);
      break;
    case 'failed':
      context.failed(input.target, input.attempt, { kind: 'made', status: input.status }, now);
      break;
    case 'cancel':
      context.cancel();
      break;
    case 'wake':
      context.wake(now);
      break;
  }
  return context.step;
}

/** One step in the making. */
class Stepping {
  readonly #outputs: ResponseContextOutput[] = [];
  #state: ResponseContextState;

  constructor(state: ResponseContextState) {
    this.#state = state;
  }

  get step(): ResponseContextStep {
    return { state: this.#state, outputs: this.#outputs };
  }

  located(target: number, places: number, now: number): void {
    const branch = this.#branch(target);
    if (branch?.phase === 'locating') this.#send({ ...branch, places }, now);
  }

  nowhere(target: number, status: number): void {
    const branch = this.#branch(target);
    if (branch?.phase === 'locating') this.#end(branch, { kind: 'made', status });
  }

  response(target: number, attempt: number, response: SipResponse, now: number): void {
    const { status } = response;
    const branch = this.#branch(target);
    if (branch === undefined) return;
    if (status < 200) this.#provisional(branch, attempt, response, now);
    else if (status < 300) this.#success(branch, response);
    else if (status === 503) this.failed(target, attempt, { kind: 'received', response }, now);
    else if (isCurrent(branch, attempt)) this.#failure(branch, response);
  }

  /** The next place is tried, unless nobody wants the answer any more (RFC 3263 §4.3). */
  failed(target: number, attempt: number, end: BranchEnd, now: number): void {
    const branch = this.#branch(target);
    if (branch === undefined || !isCurrent(branch, attempt)) return;
    const next = branch.attempt + 1;
    if (next < branch.places && !branch.cancelled) this.#send({ ...branch, attempt: next }, now);
    else this.#end(branch, this.#state.cancelled && end.kind === 'made' ? { kind: 'made', status: 487 } : end);
  }

  /** RFC 3261 §16.10: everything under way is cancelled, and nothing more begins. */
  cancel(): void {
    if (this.#state.answer !== 'none' || this.#state.cancelled) return;
    this.#state = { ...this.#state, cancelled: true, waiting: [] };
    this.#cancelAll('gave-up');
    this.proceed();
  }

  /** Timer C (RFC 3261 §16.8); for other requests the last moment at which their sender hears an answer. */
  wake(now: number): void {
    if (now >= this.#state.giveUpAt) this.#giveUp();
    for (const branch of this.#state.branches) {
      if (now < branch.timerC) continue;
      if (branch.phase === 'ringing') this.#cancelBranch(branch, 'no-answer');
      else this.#end(branch, { kind: 'made', status: 408 });
    }
  }

  /** With nothing under way the next group begins, or the best response goes back. */
  proceed(): void {
    if (this.#state.answer !== 'none' || this.#state.branches.some(({ phase }) => phase !== 'ended')) return;
    const [group, ...waiting] = this.#state.waiting;
    if (group === undefined) {
      this.#answer();
      return;
    }
    const begun = group.map(
      (target): BranchState => ({ target, phase: 'locating', attempt: 0, places: 0, cancelled: false, timerC: never }),
    );
    this.#state = { ...this.#state, waiting, branches: [...this.#state.branches, ...begun] };
    for (const target of group) this.#outputs.push({ kind: 'locate', target });
  }

  #giveUp(): void {
    this.#state = { ...this.#state, waiting: [] };
    for (const branch of this.#state.branches) if (branch.phase !== 'ended') this.#end(branch, { kind: 'made', status: 408 });
  }

  #answer(): void {
    const { ends, invite, cancelled } = this.#state;
    const best = bestResponse(ends, invite) ?? (cancelled ? ({ kind: 'made', status: 487 } as const) : undefined);
    this.#state = { ...this.#state, answer: best === undefined ? 'silence' : 'failure' };
    if (best !== undefined) this.#outputs.push({ kind: 'answer', end: best });
  }

  #provisional(branch: BranchState, attempt: number, response: SipResponse, now: number): void {
    if (!isCurrent(branch, attempt)) return;
    const { invite, timerCMilliseconds, answer } = this.#state;
    const extended = invite && response.status > 100 && !branch.cancelled ? now + timerCMilliseconds : branch.timerC;
    this.#replace({ ...branch, phase: 'ringing', timerC: extended });
    // No request but INVITE has provisional responses other than 100 (RFC 4320 §4.1), and 100 goes one hop.
    if (invite && answer === 'none' && response.status > 100) this.#outputs.push({ kind: 'relay', response });
  }

  /** However late and from whatever attempt: with an INVITE there is a dialog now, which its sender has to know of. */
  #success(branch: BranchState, response: SipResponse): void {
    const { invite, answer } = this.#state;
    this.#replace({ ...branch, phase: 'ended', timerC: never });
    if (invite || answer === 'none') this.#outputs.push({ kind: 'relay', response });
    if (answer !== 'none') return;
    this.#state = { ...this.#state, answer: 'success', waiting: [] };
    this.#cancelAll('answered');
  }

  #failure(branch: BranchState, response: SipResponse): void {
    if (response.status >= 600) this.#declined(branch);
    this.#end(branch, { kind: 'received', response });
  }

  /** A 6xx speaks for the called user wherever he is (RFC 3261 §16.7 step 5). */
  #declined({ target }: BranchState): void {
    this.#state = { ...this.#state, waiting: [] };
    this.#cancelAll('declined', target);
  }

  #end(branch: BranchState, end: BranchEnd): void {
    this.#replace({ ...branch, phase: 'ended', timerC: never });
    this.#state = { ...this.#state, ends: [...this.#state.ends, end] };
    this.proceed();
  }

  #send(branch: BranchState, now: number): void {
    const { invite, timerCMilliseconds } = this.#state;
    this.#replace({ ...branch, phase: 'calling', timerC: invite ? now + timerCMilliseconds : never });
    this.#outputs.push({ kind: 'send', target: branch.target, attempt: branch.attempt });
  }

  #cancelAll(because: CancelCause, except?: number): void {
    for (const branch of this.#state.branches) if (branch.target !== except) this.#cancelBranch(branch, because);
  }

  /** Only an INVITE can be cancelled; another request is left to itself, as is what was not sent yet. */
  #cancelBranch(branch: BranchState, because: CancelCause): void {
    if (branch.phase === 'ended' || branch.cancelled) return;
    if (branch.phase === 'locating' || !this.#state.invite) {
      this.#replace({ ...branch, phase: 'ended' });
      return;
    }
    this.#replace({ ...branch, cancelled: true, timerC: never });
    this.#outputs.push({ kind: 'cancel', target: branch.target, attempt: branch.attempt, because });
  }

  #branch(target: number): BranchState | undefined {
    return this.#state.branches.find((branch) => branch.target === target);
  }

  #replace(changed: BranchState): void {
    const branches = this.#state.branches.map((branch) => (branch.target === changed.target ? changed : branch));
    this.#state = { ...this.#state, branches };
  }
}

function isCurrent(branch: BranchState, attempt: number): boolean {
  return branch.phase !== 'ended' && branch.attempt === attempt;
}
