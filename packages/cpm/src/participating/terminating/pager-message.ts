import type { SipResponse } from '@opencpm/sip';
import { answer, forbidden, type Refusal, refuse, warnings } from '../../common/answers.ts';
import { becomeCpmMessage } from '../../common/become-cpm-message.ts';
import { isExpired, refuseExpired } from '../../common/expiry-on-arrival.ts';
import { hideCpimSender } from '../../common/hide-sender.ts';
import { servesRelease } from '../../common/release.ts';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';
import { doNotDisturbBy, isBlocked, recordsHistory, standaloneAction } from '../../preferences/preferences.ts';
import { deferBehindQueue } from '../deferred/defer-behind-queue.ts';
import { deferStandaloneMessage } from '../deferred/defer-standalone-message.ts';
import { answerOnce } from './answer-once.ts';
import { charged } from './charged.ts';
import { owedForAcceptance } from './deliver-to-client.ts';
import { deliverToSuitableClients } from './deliver-to-suitable-clients.ts';
import { type Acceptance, type LegOutcome, legOutcome } from './delivery-outcome.ts';
import { forwardStandaloneMessage } from './forward-standalone-message.ts';
import { handleUndelivered, nobodyTried } from './handle-undelivered.ts';
import { bindingsOfNamedDevice, forNamedDevice, isForAbsentDevice } from './named-device.ts';
import { rememberAnonymousOriginator } from './remember-anonymous-originator.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/**
 * Deliver Pager Mode CPM Standalone Message to a CPM Client (B 8.3.1.1). The steps stand in the order of wire facts
 * 8.2, which merges release 1.0 (B) with 2.1 (E, decision 12). Resolves with the final answer for the sender; what a
 * 2xx promises is durable or delivered by then. Never rejects for a peer's fault.
 */
export function deliverPagerModeStandaloneMessage(served: ServedRequest, context: TerminatingContext): Promise<SipResponse> {
  // B-8.3.1.1-01: a MESSAGE with the CPM feature tag. One without it, from outside CPM, is made into one first.
  const become = becomeCpmMessage(served.request, context.ports, served.arrivedAt);
  if (become.kind === 'refused') {
    return Promise.resolve(charged(served, refuse(served.request, become.refusal, context.self), 'refused', context));
  }
  const message = forNamedDevice(readStandaloneMessage(become.request), served);
  const request = message.anonymous ? hideCpimSender(become.request, message.cpim) : become.request;
  return answerOnce({ ...served, request }, message, context, () => handleMessage({ ...served, request, message }, context));
}

/** Steps 1 to 4, each of which may end the way of the message. */
async function handleMessage(
  received: Omit<TerminatingMessage, 'preferences' | 'known'>,
  context: TerminatingContext,
): Promise<SipResponse> {
  const { request, message, servedUser } = received;
  const { policy, ports } = context;
  const known = bindingsOfNamedDevice(ports.registrations.of(servedUser), received);
  const forbid = (warning: string) => charged(received, refuse(request, forbidden(warning), context.self), 'refused', context);
  // Step 1, B-8.3.1.1-02: release.
  if (!servesRelease(request.headers.text('User-Agent'), policy)) return forbid(warnings.versionNotSupported);
  // Step 2, B-8.3.1.1-03: anonymity.
  if (message.anonymous && policy.anonymity === 'refuse') return forbid(warnings.anonymityNotAllowed);
  // Step 3, session timer and back-to-back user agent: for large messages only (8.3.1.2).
  // Step 4, B-8.3.1.1-04, -05: blacklist. Decision 17: the Warning is always there.
  const preferences = await ports.preferences.of(servedUser);
  if (isBlocked(preferences, message.originators)) return forbid(warnings.functionNotAllowed);
  // RFC 3428 §7: what is no longer valid goes no further, here as at the originating function.
  if (isExpired(request, received.arrivedAt)) return charged(received, await refuseExpired(received, message, context), 'expired', context);
  // RFC 5627 §6: the one device that the sender means is not there.
  if (isForAbsentDevice(known, received)) return charged(received, refuse(request, { status: 480 }, context.self), 'refused', context);
  const terminating = { ...received, preferences, known };
  // Decision 46: a notification passes all rules but do-not-disturb and is not recorded.
  return await (message.kind === 'notification' ? deliverNotification(terminating, context) : applyStandaloneRule(terminating, context));
}

/** Step 5, B-8.3.1.1-06: the rule for standalone messages, in the order of decision 12. */
async function applyStandaloneRule(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const { self } = context;
  const action = standaloneAction(terminating.preferences, terminating.message.originators, terminating.arrivedAt);
  const refused = (refusal: Refusal) => charged(terminating, refuse(terminating.request, refusal, self), 'refused', context);
  // 5a, B-8.3.1.1-07
  if (action.kind === 'reject') return refused(forbidden(warnings.functionNotAllowed));
  // Decision 34: before anybody can have the message, and so before a notification of it can come.
  if (terminating.message.anonymous && (await rememberAnonymousOriginator(terminating, context)) !== undefined) {
    return refused({ status: 503, retryAfterSeconds: 30 });
  }
  switch (action.kind) {
    case 'do-not-disturb': // 5b, B-8.3.1.1-15
      return deferStandaloneMessage(terminating, context);
    case 'interwork': // 5c, B-8.3.1.1-08: straight to the ISF, which ends the delivery to clients
      return interwork(terminating, context);
    case 'deliver-and-interwork': // 5c, B-8.3.1.1-08: a copy beside the requests to clients
      return recordAndDeliver(terminating, context, interworkCopy(terminating, context));
    case 'store': // 5d, B-8.3.1.1-09 to -12
      return storeInsteadOfDelivering(terminating, context);
    case 'forward': // 5e, B-8.3.1.1-13
      return forwardStandaloneMessage(terminating, action.to, context);
    case 'defer': // 5f, B-8.3.1.1-14
      return deferStandaloneMessage(terminating, context);
    case 'deliver':
      return (await deferBehindQueue(terminating, context)) ?? (await recordAndDeliver(terminating, context));
  }
}

/** 5c. Step 6 counts for it as well (B-8.3.1.1-16), and what the ISF does not take is undelivered (B-8.3.1.1-25). */
async function interwork(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const recorded = isRecorded(terminating) ? await recordHistory(terminating, context) : terminating;
  const outcome = await interworkCopy(recorded, context);
  if (outcome.kind === 'accepted') {
    recorded.copy?.keep();
    return charged(recorded, answer(recorded.request, outcome.acceptance.status, context.self), 'interworked', context);
  }
  const { response, temporary } = outcome;
  return handleUndelivered(recorded, { responses: response === undefined ? [] : [response], temporary, notInterworked: true }, context);
}

async function interworkCopy({ request }: TerminatingMessage, { ports }: TerminatingContext): Promise<LegOutcome> {
  const outcome = await ports.isf.interwork(request);
  // Decision 45: absent it has failed, and will not do better later.
  return outcome.kind === 'absent' ? { kind: 'failed', temporary: false } : legOutcome(outcome.response, false);
}

/** 5d. The recording port strips the delivery request and answers it (decision 33) when it exists; absent, the policy decides. */
async function storeInsteadOfDelivering(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const outcome = await context.ports.recording.store(terminating.servedUser, terminating.request);
  if (outcome.kind !== 'stored') return handleUndelivered(terminating, nobodyTried, context);
  return charged(terminating, answer(terminating.request, 200, context.self), 'stored', context);
}

/** Steps 6 to 9, B-8.3.1.1-16 to -28. */
async function recordAndDeliver(
  terminating: TerminatingMessage,
  context: TerminatingContext,
  copy?: Promise<LegOutcome>,
): Promise<SipResponse> {
  // Step 6, B-8.3.1.1-16: record when the user's history setting says so (8.5).
  const recorded = isRecorded(terminating) ? await recordHistory(terminating, context) : terminating;
  // Step 7, B-8.3.1.1-17: suitable clients; step 8, B-8.3.1.1-18 to -22: one request each.
  const outcome = await deliverToSuitableClients(recorded, context, copy);
  switch (outcome.kind) {
    case 'accepted': // B-8.3.1.1-24: the first 2xx is the sender's answer
      return await accepted(recorded, outcome.acceptance, context);
    case 'no-suitable-client': // Step 7, B-8.3.1.1-23, decision 37
      return handleUndelivered(recorded, nobodyTried, context);
    case 'refused': // Step 9, B-8.3.1.1-25 to -28
      return handleUndelivered(recorded, { ...outcome.undelivered, notInterworked: copy !== undefined }, context);
    case 'unanswered': // decision 43: the sender has waited long enough; the recorded copy is named to whoever accepts late
      return deferStandaloneMessage(recorded, context, outcome);
  }
}

/** B-8.3.1.1-24. What the function owes because of it is durable before the answer; a fault cannot take the message back. */
async function accepted(terminating: TerminatingMessage, acceptance: Acceptance, context: TerminatingContext): Promise<SipResponse> {
  terminating.copy?.keep();
  const owed = owedForAcceptance(acceptance, terminating, context);
  const fault = owed === undefined ? undefined : await context.ports.outbox.owe(owed);
  if (fault !== undefined) context.ports.diagnostics.fault('owe a delivery notification', fault.reason, terminating.request);
  return charged(terminating, answer(terminating.request, acceptance.status, context.self), 'delivered', context);
}

function isRecorded({ preferences, arrivedAt }: TerminatingMessage): boolean {
  return recordsHistory(preferences, arrivedAt);
}

async function recordHistory(terminating: TerminatingMessage, context: TerminatingContext): Promise<TerminatingMessage> {
  const outcome = await context.ports.recording.record(terminating.servedUser, terminating.request, 'received');
  return outcome.kind === 'recorded' ? { ...terminating, copy: outcome.copy } : terminating;
}

/** Decision 46: like a message without rules, recording and policy for undelivered ones; 202 when deferred. */
async function deliverNotification(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const { preferences, message, arrivedAt } = terminating;
  if (doNotDisturbBy(preferences, message.originators, arrivedAt)) return deferStandaloneMessage(terminating, context);
  const outcome = await deliverToSuitableClients(terminating, context);
  if (outcome.kind === 'accepted') return await accepted(terminating, outcome.acceptance, context);
  if (outcome.kind === 'refused') return deferStandaloneMessage(terminating, context, { legs: outcome.undelivered.legs ?? [] });
  return deferStandaloneMessage(terminating, context, outcome.kind === 'unanswered' ? outcome : undefined);
}
