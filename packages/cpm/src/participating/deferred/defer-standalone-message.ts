import type { SipResponse } from '@opencpm/sip';
import { answer, type Refusal, refuse } from '../../common/answers.ts';
import { type Binding, isLive } from '../../common/binding.ts';
import { messageUriId } from '../../common/identifiers.ts';
import type { DeferredMessageQueue, QueueFault } from '../../ports.ts';
import { deferredHandling, doNotDisturb } from '../../preferences/preferences.ts';
import { duplicateKey } from '../terminating/answer-once.ts';
import { charged } from '../terminating/charged.ts';
import { owedForAcceptance } from '../terminating/deliver-to-client.ts';
import type { Acceptance, EarlierLegs, LegOutcome } from '../terminating/delivery-outcome.ts';
import { suitableClients } from '../terminating/suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from '../terminating/terminating-message.ts';
import { clientRefusal } from './client-refusal.ts';
import { type DeferredMessage, expiryTime, storedRequest } from './deferred-message.ts';
import { deferredMessageSummary } from './deferred-notice.ts';

/** What a sender is told to wait when the queue is full or the database does not answer. */
const retryAfterSeconds = 30;

/**
 * Defer CPM Standalone Messages (B 8.3.1.6): stores the message in the queue and answers 202 once it is durable.
 * Of the clients that it went to before, one may still accept it after that; then the row goes again (decision 43).
 */
export async function deferStandaloneMessage(
  terminating: TerminatingMessage,
  context: TerminatingContext,
  earlier: EarlierLegs = { legs: [] },
): Promise<SipResponse> {
  const { ports, self } = context;
  const deferred = deferredMessage(terminating, context);
  // B-8.3.1.6.1-06: kept before anything is promised.
  const outcome = await store(deferred, context);
  const deferral = { terminating, deferred, earlier, isKept: outcome.kind === 'stored' };
  if (outcome.kind !== 'stored') settleCopy(terminating, earlier, context);
  switch (outcome.kind) {
    case 'stored':
      afterDeferral(deferral, context);
      return charged(terminating, answer(terminating.request, 202, self), 'deferred', context);
    case 'duplicate':
      return charged(terminating, answer(terminating.request, 202, self), 'duplicate', context);
    case 'full':
      return refuseUnlessAccepted(withoutLegs(deferral), { status: 480, retryAfterSeconds }, context);
    case 'fault':
      ports.diagnostics.fault('store a deferred message', outcome.reason, terminating.request);
      if (!outcome.temporary) return refuseUnlessAccepted(withoutLegs(deferral), { status: 500 }, context);
      return refuseUnlessAccepted(deferral, { status: 503, retryAfterSeconds }, context);
  }
}

/**
 * The sender has the message still and sends it again, while a client may accept what it was sent before. So what comes
 * again waits for that and gets his 2xx: sent once more, it would have other names, and he would show it twice.
 */
function refuseUnlessAccepted(deferral: Deferral, refusal: Refusal, context: TerminatingContext): SipResponse {
  const { terminating, deferred, earlier } = deferral;
  const { request, arrivedAt } = terminating;
  awaitLegs({ ...deferral, terminating: withoutCopy(terminating) }, context);
  if (earlier.late !== undefined && deferred.duplicateKey !== undefined) {
    const status = earlier.late.then((acceptance) => acceptance?.status ?? refusal.status);
    context.ports.recentMessages.remember(deferred.duplicateKey, status, arrivedAt);
  }
  return charged(terminating, refuse(request, refusal, context.self), 'refused', context);
}

/**
 * Asks a second time after a fault that may pass: when only the answer was lost, the message is there already and says
 * so by its key. Otherwise the sender would be told that nobody has what is in the queue.
 */
async function store(deferred: DeferredMessage, { ports }: TerminatingContext): ReturnType<DeferredMessageQueue['store']> {
  const outcome = await ports.deferredQueue.store(deferred);
  if (outcome.kind !== 'fault' || !outcome.temporary || deferred.duplicateKey === undefined) return outcome;
  const again = await ports.deferredQueue.store(deferred);
  return again.kind === 'duplicate' ? { kind: 'stored' } : again;
}

/** Storing a Deferred CPM Message in the Deferred CPM Message Queue (B 8.3.1.6.1), steps 1, 3 and 5. */
function deferredMessage(terminating: TerminatingMessage, context: TerminatingContext): DeferredMessage {
  const { request, message, arrivedAt, servedUser } = terminating;
  return {
    owner: servedUser,
    // Step 3, B-8.3.1.6.1-05.
    id: messageUriId(`sip:${context.ports.ids.ordered(arrivedAt)}@${context.self.host}`),
    mode: 'pager',
    kind: message.kind,
    originator: message.originator,
    anonymous: message.anonymous,
    conversationId: message.conversationId,
    contributionId: message.contributionId,
    messageId: message.messageId,
    duplicateKey: duplicateKey(terminating, message),
    arrivedAt,
    // Step 1, B-8.3.1.6.1-01, -02.
    request: storedRequest(request, arrivedAt),
    // Step 5, B-8.3.1.6.1-08.
    expiresAt: expiryTime(request, arrivedAt, context.policy.maxExpirySeconds),
  };
}

interface Deferral {
  readonly terminating: TerminatingMessage;
  readonly deferred: DeferredMessage;
  readonly earlier: EarlierLegs;
  /** The queue has said that the message is there. */
  readonly isKept: boolean;
}

/** What follows from a stored message, none of it the sender's concern. */
function afterDeferral(deferral: Deferral, context: TerminatingContext): void {
  const { terminating, deferred, earlier } = deferral;
  const { ports } = context;
  // B-8.3.1.6.1-10: its expiry is handled in time.
  ports.expiryWatch.expect(deferred.expiresAt);
  awaitLegs(deferral, context);
  // B-8.3.1.6-02 to -04: pushed, pulled or stored; pull and store are the next release's and wait in the queue until then.
  if (deferredHandling(terminating.preferences, terminating.arrivedAt) !== 'push') return;
  tellOutOfBand(deferred, terminating, context);
  pushToNewcomers(terminating, context);
  for (const client of earlier.waiting ?? []) ports.pushes.request(deferred.owner, client, 'timer');
}

/**
 * No client is pushed to what it is still being sent, nor what it has accepted until that is out of the queue. One that
 * has refused it or did not answer gets it again in its time. The same when it is not known whether the message is there:
 * the database may have kept it and lost its answers.
 */
function awaitLegs({ terminating, deferred, earlier, isKept }: Deferral, context: TerminatingContext): void {
  const { pushes, diagnostics, expiryWatch } = context.ports;
  if (earlier.late === undefined && earlier.legs.length === 0) return;
  const decided = decideLate({ terminating, deferred, late: earlier.late, isKept }, context).catch((error) =>
    diagnostics.fault('remove a message accepted late', String(error), terminating.request),
  );
  const ends = earlier.legs.map(({ client, ended }) => {
    const settled = ended.then((outcome) => (outcome.kind === 'accepted' ? decided : keepRefusal(deferred, client, outcome, context)));
    pushes.hold(deferred.id, client, settled);
    return settled;
  });
  pushes.underWay(deferred.id, decided);
  // What nobody took in its time is over when the last request has ended and what it leaves behind is written.
  const lookAgain = () => expiryWatch.expect(deferred.expiresAt);
  Promise.all([decided, ...ends]).then(lookAgain, lookAgain);
}

async function keepRefusal(
  { owner, id, request }: DeferredMessage,
  client: Binding,
  { response }: Extract<LegOutcome, { kind: 'failed' }>,
  { ports, policy }: TerminatingContext,
): Promise<void> {
  const refusal = clientRefusal({ client, answer: response, before: undefined, now: ports.clock.now() }, policy);
  // A push has names of its own: its first attempt is still to come.
  const fault = await ports.deferredQueue.attemptFailed({ owner, id, client: client.client, refusal, nextAttempt: false });
  if (fault !== undefined) ports.diagnostics.fault('keep what a client made of a message', fault.reason, request);
}

interface LateAcceptance extends Pick<Deferral, 'terminating' | 'deferred' | 'isKept'> {
  readonly late: Promise<Acceptance | undefined> | undefined;
}

/**
 * Decision 43: the client's 2xx came after the sender's 202; the message is delivered and leaves the queue, and the copy
 * that he was told of stays. Without one the copy goes (B-8.3.1.1-28) and the push makes another (decision 31).
 */
async function decideLate(accepted: LateAcceptance, context: TerminatingContext): Promise<void> {
  const { terminating, deferred } = accepted;
  const acceptance = await accepted.late;
  if (acceptance === undefined) return terminating.copy?.remove(deferred.id);
  const { deferredQueue, outbox, diagnostics } = context.ports;
  const owed = owedForAcceptance(acceptance, terminating, context);
  const removed = await deferredQueue.remove(deferred.owner, deferred.id, owed === undefined ? [] : [owed]);
  // The row stays, and so nobody may take the copy for undelivered: it is left undecided.
  if (isFault(removed)) return diagnostics.fault('remove a message accepted late', removed.reason, terminating.request);
  terminating.copy?.keep();
  if (owed === undefined) return;
  if (removed) return outbox.wake();
  if (accepted.isKept) return;
  // It was never there, and its sender is told all the same that it has arrived.
  const fault = await outbox.owe(owed);
  if (fault !== undefined) diagnostics.fault('owe a delivery notification', fault.reason, terminating.request);
}

/** A queue that surely has not got the message is not told what its clients made of it. */
function withoutLegs(deferral: Deferral): Deferral {
  return { ...deferral, earlier: { ...deferral.earlier, legs: [] } };
}

/** What becomes of the copy is decided already. */
function withoutCopy({ copy: _copy, ...terminating }: TerminatingMessage): TerminatingMessage {
  return terminating;
}

/** The message is not kept here; a client that accepts it all the same keeps the copy that he was told of. */
function settleCopy({ copy, request }: TerminatingMessage, { late }: EarlierLegs, { ports }: TerminatingContext): void {
  if (copy === undefined) return;
  const settle = async () => ((await late) === undefined ? copy.remove() : copy.keep());
  settle().catch((error) => ports.diagnostics.fault('remove a recorded message', String(error), request));
}

/**
 * A client that registered since the message came has missed it: no request went there, and the push of its
 * registration saw no row yet.
 */
function pushToNewcomers({ servedUser, message, known }: TerminatingMessage, { ports, policy }: TerminatingContext): void {
  const suitable = suitableClients(ports.registrations.of(servedUser), message, policy, ports.clock.now());
  for (const client of suitable) {
    if (!known.some((binding) => isSameRegistration(binding, client))) ports.pushes.request(servedUser, client, 'heard');
  }
}

function isSameRegistration(one: Binding, other: Binding): boolean {
  return one.client === other.client && one.registeredAt === other.registeredAt && one.unreachable === other.unreachable;
}

function isFault(outcome: boolean | QueueFault): outcome is QueueFault {
  return typeof outcome === 'object';
}

/**
 * B-8.3.1.6.2-02: MAY tell the user out of band, which is of use while none of his clients is there; not while he does
 * not want to be disturbed (-01, -03), and not for a notification.
 */
function tellOutOfBand(deferred: DeferredMessage, { known, preferences }: TerminatingMessage, { ports }: TerminatingContext): void {
  const now = ports.clock.now();
  if (deferred.kind === 'notification' || known.some((binding) => isLive(binding, now)) || doNotDisturb(preferences, now)) return;
  ports.outOfBand.notify(deferred.owner, { kind: 'waiting', message: deferredMessageSummary(deferred) });
}
