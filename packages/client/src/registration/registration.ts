import { type CancelWake, type ClientOutcome, type Clock, minExpiresHeader, type Random } from '@opencpm/sip';
import type { CoreLink } from '../core/core-link.ts';
import type { DigestAnswers } from '../core/digest-answers.ts';
import type { CpmService } from '../cpm.ts';
import type { Identifiers } from '../identifiers.ts';
import type { ClientEvent } from '../options.ts';
import { type RegistrationOutcome, type RegistrationState, refusedBy } from '../outcomes.ts';
import type { OwnIdentity } from '../own-identity.ts';
import { reasonOf } from '../sending/send-pager-message.ts';
import { backoffMilliseconds } from './backoff.ts';
import { grantedSeconds, registeredContact, registerRequest } from './register-request.ts';

export interface RegistrationOptions {
  readonly own: OwnIdentity;
  readonly services: readonly CpmService[];
  /** What is asked for. */
  readonly expiresSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly identifiers: Identifiers;
  readonly digest: DigestAnswers;
  readonly link: () => Promise<CoreLink>;
  readonly changed: (state: RegistrationState) => void;
  readonly log: ((event: ClientEvent) => void) | undefined;
}

/** A refresh comes no sooner than this, whatever expiry the server gives. Milliseconds. */
const minimumRefreshMilliseconds = 1_000;
/** Refusals that trying again does not change. */
const lastingRefusals: ReadonlySet<number> = new Set([401, 403, 404, 407, 416]);

/**
 * The registration of this device: one Call-ID whose CSeq grows (RFC 3261 §10.2.4), refreshed at half of its time, and
 * tried again with growing pauses when it is lost.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #callId: string;
  readonly #tag: string;
  #sequence = 0;
  #askedSeconds: number;
  #isRegistered = false;
  #failures = 0;
  #isRetrying = false;
  #cancelWake: CancelWake | undefined;
  /** One request at a time, so that the registrar gets them in order. */
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#callId = options.identifiers.digits32();
    this.#tag = options.identifiers.tag();
    this.#askedSeconds = options.expiresSeconds;
  }

  register(): Promise<RegistrationOutcome> {
    return this.#inTurn(() => this.#register());
  }

  deregister(): Promise<RegistrationOutcome> {
    return this.#inTurn(async () => {
      this.#rest();
      this.#isRegistered = false;
      const outcome = await this.#exchange(0);
      if (outcome.kind === 'registered') this.#options.changed({ kind: 'unregistered' });
      return outcome;
    });
  }

  /** The connection on which we were registered is gone (RFC 5626 §4.4). */
  flowLost(reason: string): void {
    if (this.#stopped || !this.#isRegistered || this.#isRetrying) return;
    this.#options.log?.({ kind: 'flow-lost', reason });
    this.#retry(reason);
  }

  /** No request and no timer after this. */
  stop(): void {
    this.#stopped = true;
    this.#rest();
  }

  #inTurn(task: () => Promise<RegistrationOutcome>): Promise<RegistrationOutcome> {
    const run = this.#last.then(task);
    this.#last = run.then(ignore, ignore);
    return run;
  }

  async #register(): Promise<RegistrationOutcome> {
    this.#rest();
    const outcome = await this.#exchange(this.#askedSeconds);
    if (this.#stopped) return outcome;
    if (outcome.kind === 'registered') this.#registered(outcome.expiresSeconds);
    else if (this.#isRegistered) this.#failed(outcome);
    return outcome;
  }

  #registered(expiresSeconds: number): void {
    this.#isRegistered = true;
    this.#failures = 0;
    this.#wakeIn(Math.max(minimumRefreshMilliseconds, expiresSeconds * 500));
    this.#options.changed({ kind: 'registered', expiresSeconds });
  }

  #failed(outcome: Exclude<RegistrationOutcome, { kind: 'registered' }>): void {
    const reason = outcome.kind === 'refused' ? `${outcome.status} ${outcome.reason}` : outcome.reason;
    if (outcome.kind === 'unreachable' || !lastingRefusals.has(outcome.status)) {
      this.#retry(reason);
      return;
    }
    this.#isRegistered = false;
    this.#options.changed({ kind: 'lost', reason });
  }

  #retry(reason: string): void {
    this.#rest();
    this.#failures += 1;
    this.#isRetrying = true;
    const retryInMilliseconds = backoffMilliseconds(this.#failures, this.#options.random);
    this.#wakeIn(retryInMilliseconds);
    this.#options.log?.({ kind: 'registration-retry', inMilliseconds: retryInMilliseconds, reason });
    this.#options.changed({ kind: 'lost', reason, retryInMilliseconds });
  }

  #wakeIn(milliseconds: number): void {
    const { clock } = this.#options;
    this.#cancelWake = clock.wakeAt(clock.now() + milliseconds, () => void this.register());
  }

  #rest(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#isRetrying = false;
  }

  /** One registration: digest within the link, and a longer expiry when the server wants one (RFC 3261 §10.2.8). */
  async #exchange(expiresSeconds: number): Promise<RegistrationOutcome> {
    const link = await this.#options.link().catch((error: unknown) => reasonOf(error));
    if (typeof link === 'string') return { kind: 'unreachable', reason: link };
    const outcome = await this.#send(expiresSeconds, link);
    if (outcome.kind !== 'response' || outcome.response.status !== 423) return this.#outcomeOf(outcome, expiresSeconds, link);
    const minimumSeconds = outcome.response.headers.value(minExpiresHeader) ?? 0;
    if (minimumSeconds <= expiresSeconds) return refusedBy(outcome.response);
    this.#askedSeconds = minimumSeconds;
    return this.#outcomeOf(await this.#send(minimumSeconds, link), minimumSeconds, link);
  }

  #send(expiresSeconds: number, link: CoreLink): Promise<ClientOutcome> {
    const { own, services, digest } = this.#options;
    const draft = { own, services, expiresSeconds, callId: this.#callId, tag: this.#tag };
    const sequence = () => {
      this.#sequence += 1;
      return this.#sequence;
    };
    return link.request(registerRequest(draft, registeredContact(draft, link)), { digest, sequence });
  }

  #outcomeOf(outcome: ClientOutcome, askedSeconds: number, link: CoreLink): RegistrationOutcome {
    switch (outcome.kind) {
      case 'timeout':
        return { kind: 'unreachable', reason: 'no answer' };
      case 'transport-failure':
        return { kind: 'unreachable', reason: outcome.reason };
      case 'response': {
        const { response } = outcome;
        if (response.status >= 300) return refusedBy(response);
        return { kind: 'registered', expiresSeconds: grantedSeconds(response, registeredContact(this.#options, link), askedSeconds) };
      }
    }
  }
}

/** The one who asked has the outcome; the next in turn needs only that it is over. */
function ignore(): undefined {
  return undefined;
}
