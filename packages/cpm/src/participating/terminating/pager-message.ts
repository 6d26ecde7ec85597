import type { SipResponse } from '@opencpm/sip';
import { answer, forbidden, refuse, warnings } from '../../common/answers.ts';
import { meetsMinimum, releaseIn } from '../../common/release.ts';
import { becomeCpmMessage, readStandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';
import { doNotDisturb, recordsHistory, standaloneAction } from '../../preferences/preferences.ts';
import { deferStandaloneMessage } from '../deferred/defer-standalone-message.ts';
import { answerOnce } from './answer-once.ts';
import { deliverToSuitableClients } from './deliver-to-suitable-clients.ts';
import { forwardStandaloneMessage } from './forward-standalone-message.ts';
import { handleUndelivered } from './handle-undelivered.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/**
 * Deliver Pager Mode CPM Standalone Message to a CPM Client (B 8.3.1.1). The steps stand in the order of wire facts
 * 8.2, which merges release 1.0 (B) with 2.1 (E, decision 12). Resolves with the final answer for the sender; what a
 * 2xx promises is durable or delivered by then. Never rejects for a peer's fault.
 */
export async function deliverPagerModeStandaloneMessage(served: ServedRequest, context: TerminatingContext): Promise<SipResponse> {
  // B-8.3.1.1-01: a MESSAGE with the CPM feature tag. One without it, from outside CPM, is made into one first.
  const become = becomeCpmMessage(served.request, context.ports.ids, served.arrivedAt);
  if (become.kind === 'refused') return refuse(served.request, become.refusal, context.self);
  const request = become.request;
  const message = readStandaloneMessage(request);

  return answerOnce({ ...served, request }, message, context, async () => {
    // Step 1, B-8.3.1.1-02: release.
    if (!meetsMinimum(releaseIn(request.headers.text('User-Agent')), context.policy.minRelease)) {
      return refuse(request, forbidden(warnings.versionNotSupported), context.self);
    }
    // Step 2, B-8.3.1.1-03: anonymity.
    if (message.anonymous && context.policy.anonymity === 'refuse') {
      return refuse(request, forbidden(warnings.anonymityNotAllowed), context.self);
    }
    // Step 3, session timer and back-to-back user agent: for large messages only (8.3.1.2).
    const preferences = await context.ports.preferences.of(served.servedUser);
    // Step 4, B-8.3.1.1-04, -05: blacklist. Decision 17: the Warning is always there.
    if (message.originator !== undefined && preferences.blockedContacts.has(message.originator)) {
      return refuse(request, forbidden(warnings.functionNotAllowed), context.self);
    }
    const terminating = { ...served, request, message, preferences };
    // Decision 46: a notification passes all rules but do-not-disturb and is not recorded.
    if (message.kind === 'notification') return deliverNotification(terminating, context);
    return applyStandaloneRule(terminating, context);
  });
}

/** Step 5, B-8.3.1.1-06 to -15: the rule for standalone messages, in the order of decision 12. */
async function applyStandaloneRule(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const { ports, self } = context;
  const action = standaloneAction(terminating.preferences, terminating.message.originator, terminating.arrivedAt);
  switch (action.kind) {
    case 'reject': // 5a, B-8.3.1.1-07
      return refuse(terminating.request, forbidden(warnings.functionNotAllowed), self);
    case 'do-not-disturb': // 5b, B-8.3.1.1-15
      return deferStandaloneMessage(terminating, context);
    case 'interwork': // 5c, B-8.3.1.1-08: straight to the ISF, which ends the delivery to clients
      return interwork(terminating, context);
    case 'deliver-and-interwork': // 5c, B-8.3.1.1-08: a copy; the clients' answers count
      void ports.isf.interwork(terminating.request).catch((error) => ports.diagnostics.fault('interwork a copy', String(error)));
      return recordAndDeliver(terminating, context);
    case 'store': // 5d, B-8.3.1.1-09 to -12
      return storeInsteadOfDelivering(terminating, context);
    case 'forward': // 5e, B-8.3.1.1-13
      return forwardStandaloneMessage(terminating, action.to, context);
    case 'defer': // 5f, B-8.3.1.1-14
      return deferStandaloneMessage(terminating, context);
    case 'deliver':
      return recordAndDeliver(terminating, context);
  }
}

async function interwork(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const outcome = await context.ports.isf.interwork(terminating.request);
  if (outcome.kind === 'absent') return handleUndelivered(terminating, [], context);
  return answer(terminating.request, outcome.response.status, context.self);
}

/** The recording port strips the delivery request and answers it (decision 33) when it exists; absent, the policy decides. */
async function storeInsteadOfDelivering(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const outcome = await context.ports.recording.store(terminating.servedUser, terminating.request);
  if (outcome.kind === 'recorded') return answer(terminating.request, 200, context.self);
  return handleUndelivered(terminating, [], context);
}

/** Steps 6 to 9, B-8.3.1.1-16 to -28. */
async function recordAndDeliver(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  const { ports, self } = context;
  // Step 6, B-8.3.1.1-16: record when the user's history setting says so (8.5).
  const recorded = await recordHistory(terminating, context);
  // Step 7, B-8.3.1.1-17, -23: suitable clients; step 8, B-8.3.1.1-18 to -22: one request each.
  const outcome = await deliverToSuitableClients(recorded, context);
  switch (outcome.kind) {
    case 'accepted': // B-8.3.1.1-24: the first 2xx is the sender's answer
      return answer(recorded.request, outcome.status, self);
    case 'no-suitable-client': // B-8.3.1.1-23, decision 37
    case 'refused': // Step 9, B-8.3.1.1-25 to -27
      return withoutTrace(
        recorded,
        await handleUndelivered(recorded, outcome.kind === 'refused' ? outcome.responses : [], context),
        context,
      );
    case 'unanswered': {
      // decision 43: the sender has waited long enough
      const response = await deferStandaloneMessage(recorded, context, outcome.late);
      ports.charging.outcome({ servedUser: recorded.servedUser, case: 'terminating', status: response.status, outcome: 'deferred' });
      return response;
    }
  }
}

async function recordHistory(terminating: TerminatingMessage, context: TerminatingContext): Promise<TerminatingMessage> {
  if (!recordsHistory(terminating.preferences, terminating.arrivedAt)) return terminating;
  const outcome = await context.ports.recording.record(terminating.servedUser, terminating.request);
  return outcome.kind === 'recorded' ? { ...terminating, uid: outcome.uid } : terminating;
}

/** B-8.3.1.1-28: what was recorded but neither delivered nor deferred nor interworked leaves the store again. */
async function withoutTrace(terminating: TerminatingMessage, response: SipResponse, context: TerminatingContext): Promise<SipResponse> {
  if (terminating.uid !== undefined && response.status >= 300)
    await context.ports.recording.remove(terminating.servedUser, terminating.uid);
  return response;
}

/** Decision 46: like a message without rules, recording and policy for undelivered ones; 202 when deferred. */
async function deliverNotification(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse> {
  if (doNotDisturb(terminating.preferences, terminating.arrivedAt)) return deferStandaloneMessage(terminating, context);
  const outcome = await deliverToSuitableClients(terminating, context);
  if (outcome.kind === 'accepted') return answer(terminating.request, outcome.status, context.self);
  return deferStandaloneMessage(terminating, context, outcome.kind === 'unanswered' ? outcome.late : undefined);
}
