import { formatUri, retryAfterHeader, type SipResponse } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import { refusesForGood } from '../terminating/delivery-outcome.ts';
import type { ClientRefusal, QueuedDelivery } from './deferred-message.ts';

/** Why a push takes place: what it may bring again before its time. */
export type PushOccasion =
  /** The client registered anew or otherwise than before: whatever it has refused is brought again. */
  | 'registration'
  /** It was heard of, as by a refresh: what it has not answered is brought again, what it has refused waits. */
  | 'heard'
  /** Some time has come, or this server has started. */
  | 'timer';

/** After so many refusals of one message its conversation goes on without it: the client takes others, not this one. */
const holdingAttempts = 3;

type PushRetryPolicy = Pick<ServiceProviderPolicy, 'pushRetryFirstMilliseconds' | 'pushRetryMaxMilliseconds'>;

interface FailedPush {
  readonly client: Binding;
  /** Undefined when the client was silent; `not-sent` when it never got the request. */
  readonly answer: SipResponse | 'not-sent' | undefined;
  readonly before: ClientRefusal | undefined;
  readonly now: number;
}

/** What follows from a request to a client that did not end with a 2xx (decision 44). */
export function clientRefusal({ client, answer, before, now }: FailedPush, policy: PushRetryPolicy): ClientRefusal {
  const { pushRetryFirstMilliseconds: first, pushRetryMaxMilliseconds: longest } = policy;
  const pausedMilliseconds = before?.pauseMilliseconds ?? 0;
  const pauseMilliseconds = Math.min(Math.max(first, pausedMilliseconds * 2), longest);
  if (answer === undefined) return { status: undefined, pauseMilliseconds, retryAt: now + pauseMilliseconds, refusedBy: undefined };
  if (answer === 'not-sent') return { status: 0, pauseMilliseconds, retryAt: now + pauseMilliseconds, refusedBy: undefined };
  if (refusesForGood(answer)) return { status: answer.status, pauseMilliseconds: 0, retryAt: 0, refusedBy: registrationOf(client) };
  const asked = answer.headers.value(retryAfterHeader)?.seconds;
  // RFC 3261 §20.33. Asked for again and again, a short time does not undercut the pauses that the client has had already.
  const waited = asked === undefined ? pauseMilliseconds : Math.min(Math.max(asked * 1000, pausedMilliseconds, 1000), longest);
  return { status: answer.status, pauseMilliseconds, retryAt: now + waited, refusedBy: undefined };
}

/** What makes a binding another one when it changes: contact, feature tags in whatever order, path. A refresh leaves it as it is. */
export function registrationOf({ contact, features, path }: Binding): string {
  const tags = features.entries.map(({ name, text }) => `${name.toLowerCase()}=${text}`).sort();
  return [formatUri(contact), ...tags, ...path].join('\n');
}

/** The same contact with the same tags by the same path, kept up by a refresh. */
export function isRefreshed(before: Binding | undefined, binding: Binding): boolean {
  return before !== undefined && registrationOf(before) === registrationOf(binding);
}

/** What may become of a queued message at one client now. */
export type Standing =
  | { readonly kind: 'due' }
  /** It waits until the binding changes and holds up nothing. */
  | { readonly kind: 'refused-for-good' }
  /** Its time comes; until then its conversation waits if `holds`. */
  | { readonly kind: 'later'; readonly at: number; readonly holds: boolean }
  /** The client was silent: nothing is sent to it before. */
  | { readonly kind: 'silent'; readonly until: number };

type Attempted = Pick<QueuedDelivery, 'attempt' | 'refusal'>;

export function standingOf({ attempt, refusal }: Attempted, client: Binding, occasion: PushOccasion, now: number): Standing {
  if (refusal === undefined) return { kind: 'due' };
  if (occasion === 'registration') return { kind: 'due' };
  if (refusal.refusedBy !== undefined) return { kind: refusal.refusedBy === registrationOf(client) ? 'refused-for-good' : 'due' };
  if (refusal.retryAt <= now) return { kind: 'due' };
  // Heard of, it may be reached by another way as well as answer again.
  if (occasion === 'heard' && !isAnswer(refusal)) return { kind: 'due' };
  if (refusal.status === undefined) return { kind: 'silent', until: refusal.retryAt };
  return { kind: 'later', at: refusal.retryAt, holds: holdsConversation(attempt, refusal) };
}

function isAnswer({ status }: ClientRefusal): boolean {
  return status !== undefined && status !== 0;
}

/**
 * A message that a client refuses for now is to reach it before those that came after it in its conversation. What could
 * not be sent, because it is too long for every way there, holds up nothing.
 */
export function holdsConversation(attempt: number, { status }: Pick<ClientRefusal, 'status'>): boolean {
  return status !== 0 && attempt < holdingAttempts;
}

/** The client is still to get that message before others of its conversation. */
export function isOwedTo(client: Binding, { attempt, refusal }: Attempted): boolean {
  if (refusal?.refusedBy !== undefined) return refusal.refusedBy !== registrationOf(client);
  return refusal?.status === undefined || holdsConversation(attempt, refusal);
}
