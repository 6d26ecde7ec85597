/** One request under way through the proxy: the response context bound to transactions, name lookups and timers. */
import type { InviteServerTransaction, SentInvite } from '../endpoint/invite-options.ts';
import type { ClientOutcome, ServerTransaction, Target } from '../endpoint/options.ts';
import type { Endpoint } from '../endpoint.ts';
import { viaHeader } from '../message/headers/via.ts';
import { Headers } from '../message/headers.ts';
import { responseTo, type SipRequest, type SipResponse } from '../message/message.ts';
import type { TimerBucket, TimerEntry, TimerWheel } from '../timer-wheel.ts';
import { type Forwarded, forwardedRequest, withRecordRoute } from './forward-request.ts';
import type { Forwarding, ProxyLimits, ProxyTarget } from './proxy-options.ts';
import {
  type CancelCause,
  type ResponseContextInput,
  type ResponseContextOutput,
  type ResponseContextState,
  type ResponseContextStep,
  responseContextDeadline,
  startResponseContext,
  stepResponseContext,
} from './response-context.ts';

export interface RelayParts {
  readonly endpoint: Endpoint;
  readonly wheel: TimerWheel;
  readonly limits: ProxyLimits;
  readonly newTag: () => string;
  readonly newBranch: () => string;
  readonly now: () => number;
  readonly fault: (error: unknown) => void;
}

/** A target with what is known of it by now. */
interface Branch {
  readonly number: number;
  readonly target: ProxyTarget;
  readonly forwarded: Forwarded;
  places: readonly Target[];
  invite: SentInvite | undefined;
  cancelled: boolean;
}

const never = Number.POSITIVE_INFINITY;

export class Relay implements TimerEntry {
  deadline = never;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly #parts: RelayParts;
  readonly #transaction: ServerTransaction | InviteServerTransaction;
  readonly #forwarding: Forwarding;
  readonly #branches: readonly Branch[];
  #state: ResponseContextState | undefined;
  /** Reason of the CANCEL that came (RFC 3326). */
  #reason: Headers = Headers.of();

  constructor(parts: RelayParts, transaction: ServerTransaction | InviteServerTransaction, forwarding: Forwarding) {
    this.#parts = parts;
    this.#transaction = transaction;
    this.#forwarding = forwarding;
    this.#branches = forwarding.targets.map((target, number) => ({
      number,
      target,
      forwarded: forwardedRequest(forwarding.request, target),
      places: [],
      invite: undefined,
      cancelled: false,
    }));
  }

  start(): void {
    const { limits, now } = this.#parts;
    const invite = this.#forwarding.request.method === 'INVITE';
    if ('onCancel' in this.#transaction) this.#transaction.onCancel = (cancel) => this.#cancelled(cancel);
    this.#take(
      startResponseContext(groupsByPreference(this.#forwarding.targets), {
        invite,
        timerCMilliseconds: limits.timerCMilliseconds,
        giveUpAt: invite ? never : now() + limits.answerMilliseconds,
      }),
    );
  }

  expired(now: number): void {
    this.#step({ kind: 'wake' }, now);
  }

  #cancelled(cancel: SipRequest): void {
    this.#reason = cancel.headers.filter(({ key }) => key === 'reason');
    this.#step({ kind: 'cancel' });
  }

  #step(input: ResponseContextInput, now = this.#parts.now()): void {
    if (this.#state !== undefined) this.#take(stepResponseContext(this.#state, input, now));
  }

  #take({ state, outputs }: ResponseContextStep): void {
    this.#state = state;
    this.#parts.wheel.arm(this, responseContextDeadline(state));
    for (const output of outputs) this.#perform(output);
  }

  #perform(output: ResponseContextOutput): void {
    switch (output.kind) {
      case 'locate':
        this.#withBranch(output.target, (branch) => this.#locate(branch));
        return;
      case 'send':
        this.#withBranch(output.target, (branch) => this.#send(branch, output.attempt));
        return;
      case 'cancel':
        this.#withBranch(output.target, (branch) => this.#cancel(branch, output.because));
        return;
      case 'relay':
        this.#respond(output.response);
        return;
      case 'answer':
        this.#respond(output.end.kind === 'received' ? output.end.response : this.#made(output.end.status));
    }
  }

  #respond(response: SipResponse): void {
    const isFirst = response.status >= 200 && !this.#transaction.answered;
    this.#transaction.respond(response);
    if (isFirst) this.#forwarding.answered?.(response.status);
  }

  #cancel(branch: Branch, because: CancelCause): void {
    branch.cancelled = true;
    branch.invite?.cancel(this.#reasonOf(because));
  }

  #withBranch(number: number, act: (branch: Branch) => void): void {
    const branch = this.#branches[number];
    if (branch !== undefined) act(branch);
  }

  #made(status: number): SipResponse {
    return responseTo(this.#transaction.request, status, { toTag: this.#parts.newTag() });
  }

  #reasonOf(because: CancelCause): Headers {
    if (because === 'answered') return Headers.of(['Reason', 'SIP;cause=200;text="Call completed elsewhere"']);
    return because === 'gave-up' ? this.#reason : Headers.of();
  }

  #locate(branch: Branch): void {
    this.#places(branch)
      .catch((error: unknown) => {
        this.#parts.fault(error);
        return [];
      })
      .then((places) => {
        branch.places = places.slice(0, this.#parts.limits.places);
        if (places.length > 0) this.#step({ kind: 'located', target: branch.number, places: branch.places.length });
        else this.#nowhere(branch);
      })
      .catch(this.#parts.fault);
  }

  async #places({ target, forwarded }: Branch): Promise<readonly Target[]> {
    return forwarded.nextHop === undefined ? [] : target.locate(forwarded.nextHop);
  }

  #nowhere({ number, target }: Branch): void {
    this.#step({ kind: 'nowhere', target: number, status: target.unreachableStatus ?? 503 });
  }

  #send(branch: Branch, attempt: number): void {
    const place = branch.places[attempt];
    if (place === undefined) return;
    const request = this.#requestFor(branch, place);
    const options = { branch: this.#parts.newBranch(), ...(branch.target.detour && { detour: branch.target.detour }) };
    if (request.method === 'INVITE') this.#invite(branch, { attempt, place, request, options });
    else {
      this.#parts.endpoint
        .request(request, place, options)
        .then((outcome) => this.#came(branch, attempt, place, outcome))
        .catch(this.#parts.fault);
    }
  }

  #requestFor({ target, forwarded }: Branch, place: Target): SipRequest {
    const { recordRoute } = target;
    const { endpoint } = this.#parts;
    const from = endpoint.addressTowards({ flow: this.#transaction.flow });
    const recorded =
      recordRoute === undefined || from === undefined
        ? forwarded.request
        : withRecordRoute(forwarded.request, recordRoute(place), from, endpoint.addressTowards(place) ?? from);
    return target.finish?.(recorded, place) ?? recorded;
  }

  #invite(branch: Branch, { attempt, place, request, options }: Sending): void {
    branch.invite = this.#parts.endpoint.invite(
      request,
      place,
      {
        response: (response) => {
          if (response.status < 200) this.#response(branch, attempt, cleaned(branch, place, response));
          else this.#came(branch, attempt, place, { kind: 'response', response });
        },
        failed: (failure) => this.#came(branch, attempt, place, failure),
      },
      options,
    );
  }

  #came(branch: Branch, attempt: number, place: Target, outcome: ClientOutcome): void {
    const { target, number } = branch;
    // How a request ends that nobody wants any more says nothing of the place.
    if (!branch.cancelled) target.tried?.(place, outcome);
    if (outcome.kind === 'response') this.#response(branch, attempt, cleaned(branch, place, outcome.response));
    else {
      const status = outcome.kind === 'timeout' ? 408 : (target.unreachableStatus ?? 503);
      this.#step({ kind: 'failed', target: number, attempt, status });
    }
  }

  /** Without our Via; a response that has no other was not for anybody behind us (RFC 3261 §16.7 step 3). */
  #response({ number }: Branch, attempt: number, received: SipResponse): void {
    if (!received.headers.withoutFirst(viaHeader).has(viaHeader)) {
      // It has ended its transaction all the same, and whoever asked must not wait for ever.
      if (received.status >= 200) this.#step({ kind: 'failed', target: number, attempt, status: 502 });
      return;
    }
    // Those behind us know their requests by their own Vias, whatever the next one made of them.
    const vias = this.#transaction.request.headers.filter(({ key }) => key === viaHeader.key);
    const headers = vias.concat(received.headers.without(viaHeader));
    this.#step({ kind: 'response', target: number, attempt, response: { ...received, headers } });
  }
}

interface Sending {
  readonly attempt: number;
  readonly place: Target;
  readonly request: SipRequest;
  readonly options: { readonly branch: string; readonly detour?: NonNullable<ProxyTarget['detour']> };
}

function cleaned({ target }: Branch, place: Target, response: SipResponse): SipResponse {
  return target.clean?.(response, place) ?? response;
}

/** Targets by their numbers: the most wanted first, those wanted alike together. */
export function groupsByPreference(targets: readonly Pick<ProxyTarget, 'q'>[]): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const [number, { q = 1 }] of targets.entries()) {
    const group = groups.get(q);
    if (group === undefined) groups.set(q, [number]);
    else group.push(number);
  }
  return [...groups].sort(([one], [other]) => other - one).map(([, group]) => group);
}
