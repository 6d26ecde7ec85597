import type { SipRequest } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { messageUidHeaderName } from '../../common/cpm-headers.ts';
import { notifiedOfDeferred, positiveDeliveryNotification } from '../../common/disposition/notification-of-function.ts';
import { nextLeg } from '../../common/next-leg.ts';
import { acceptContactFor } from '../../common/service-tags.ts';
import { type PlainText, plainText, readStandaloneMessage } from '../../common/standalone-message.ts';
import { withTag } from '../../common/tags.ts';
import type { ClientAnswer, DeliveryNames, RecordedCopy } from '../../ports.ts';
import { recordsHistory } from '../../preferences/preferences.ts';
import { addressedToDevice } from '../terminating/address-device.ts';
import { isPlain } from '../terminating/suitable-clients.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import { clientRefusal, holdsConversation } from './client-refusal.ts';
import type { QueuedDelivery, QueueEntry } from './deferred-message.ts';
import type { PushOutcome } from './push-outcome.ts';

/**
 * Sending a Pager Mode Deferred CPM Message (B 8.3.1.6.6) to one client. Its Call-ID, tag and branch derive from the
 * message, the client and the attempt, so that what a crash of this server repeats is a retransmission to the client.
 */
export async function sendPagerModeDeferredMessage(sending: Sending, context: TerminatingContext): Promise<PushOutcome> {
  const { ports } = context;
  const { entry, client } = sending;
  const names = ports.ids.deliveryNames(entry.id, client.client, entry.attempt);
  const copy = await recordHistory(entry, context);
  const push = { ...sending, copy };
  const request = deferredRequest({ ...push, names }, context);
  const answered = await ports.sipCore.toClient(client, request, names.branch);
  if (answered.kind === 'answered' && answered.response.status < 300) return delivered(push, false, context);
  const text = wantsPlainText(client, answered) ? plainText(readStandaloneMessage(entry.request)) : undefined;
  if (text !== undefined) return sendPlainText({ ...push, request, text }, context);
  return failed(push, answered, context);
}

/** A message of the queue and the client that it goes to. */
interface Sending {
  readonly entry: QueuedDelivery;
  readonly client: Binding;
  /** Called at his 2xx, before the message has left the queue. */
  readonly accepted: () => void;
}

/** With what the client is told of as its copy in the message store. */
interface Pushed extends Sending {
  readonly copy: RecordedCopy | undefined;
}

interface NamedPush extends Pushed {
  readonly names: DeliveryNames;
}

/** Steps 1 to 5, B-8.3.1.6.6-01 to -06. Step 8 is the core's. */
function deferredRequest({ entry, client, names, copy }: NamedPush, { self }: TerminatingContext): SipRequest {
  const leg = nextLeg(entry.request, { callId: names.callId, userAgent: self.server, sequence: names.sequence });
  // B-8.3.1.6.6-03 and -06: stored start line and headers; -02: the tag of a deferred message.
  let headers = leg.headers
    .without('Accept-Contact')
    .append('Accept-Contact', acceptContactFor('deferred'))
    .with('From', withTag(leg.headers.text('From') ?? '', names.fromTag));
  if (copy !== undefined) headers = headers.with(messageUidHeaderName, String(copy.uid));
  // B-8.3.1.6.6-04, decision 18: the recipient's address, or the GRUU that is his at this client.
  return addressedToDevice({ ...leg, headers }, client);
}

/** Steps 6 and 7, B-8.3.1.6.6-07, -08; decision 46 exempts notifications. */
async function recordHistory(entry: QueueEntry, context: TerminatingContext): Promise<RecordedCopy | undefined> {
  const { ports } = context;
  if (entry.kind === 'notification') return undefined;
  if (!recordsHistory(await ports.preferences.of(entry.owner), ports.clock.now())) return undefined;
  const outcome = await ports.recording.record(entry.owner, entry.request, 'received');
  return outcome.kind === 'recorded' ? outcome.copy : undefined;
}

/** B-8.3.1.6.6-10: a 2xx takes the message out of the queue; with it goes what the function itself now owes. */
async function delivered({ entry, copy, accepted }: Pushed, byFunction: boolean, context: TerminatingContext): Promise<PushOutcome> {
  const { ports } = context;
  accepted();
  const owed = byFunction
    ? positiveDeliveryNotification(notifiedOfDeferred(entry, readStandaloneMessage(entry.request)), ports.clock.now(), context)
    : undefined;
  const removed = await ports.deferredQueue.remove(entry.owner, entry.id, owed === undefined ? [] : [owed]);
  if (typeof removed === 'object') {
    // The copy stays undecided: while the row is there, another client's refusal must not take it for undelivered.
    ports.diagnostics.fault('remove a delivered message', removed.reason, entry.request);
    return { kind: 'not-removed' };
  }
  copy?.keep();
  // Another client was faster, or the message was taken out while it was on its way.
  if (!removed) return { kind: 'delivered' };
  if (owed !== undefined) ports.outbox.wake();
  const { request, arrivedAt } = entry;
  ports.charging.outcome({ servedUser: entry.owner, case: 'deferred', status: 200, outcome: 'pushed', request, arrivedAt });
  return { kind: 'delivered' };
}

/**
 * A final answer that is no 2xx ends the attempt and so its names; silence does after Timer F. What was not even sent leaves
 * them: before a crash the client may have got it under these names, and knows it by them.
 */
async function failed({ entry, client, copy }: Pushed, answered: ClientAnswer, context: TerminatingContext): Promise<PushOutcome> {
  const { ports, policy } = context;
  // B-8.3.1.6.6-11: the error takes the recorded copy back, the message stays.
  const removal = copy?.remove(entry.id);
  if (answered.kind === 'not-registered') {
    await removal;
    return { kind: 'gone' };
  }
  const answer = answered.kind === 'answered' ? answered.response : unansweredBy[answered.kind];
  const refusal = clientRefusal({ client, answer, before: entry.refusal, now: ports.clock.now() }, policy);
  const { owner, id } = entry;
  const nextAttempt = !(answered.kind === 'unreachable' && answered.untried === true);
  const counted = ports.deferredQueue.attemptFailed({ owner, id, client: client.client, refusal, nextAttempt });
  // Asked for together: a server that stops takes nothing more after this moment.
  const [fault] = await Promise.all([counted, removal]);
  if (fault !== undefined) ports.diagnostics.fault('count an attempt', fault.reason, entry.request);
  if (answered.kind === 'unreachable') return { kind: 'silent', retryAt: refusal.retryAt };
  if (refusal.refusedBy !== undefined) return { kind: 'refused', retryAt: undefined, holds: false };
  return { kind: 'refused', retryAt: refusal.retryAt, holds: holdsConversation(entry.attempt + 1, refusal) };
}

const unansweredBy = { 'not-sent': 'not-sent', unreachable: undefined } as const;

function wantsPlainText(client: Binding, answered: ClientAnswer): boolean {
  return isPlain(client) && answered.kind === 'answered' && (answered.response.status === 415 || answered.response.status === 488);
}

interface RefusedPush extends Pushed {
  readonly request: SipRequest;
  readonly text: PlainText;
}

async function sendPlainText({ request, text, ...push }: RefusedPush, context: TerminatingContext): Promise<PushOutcome> {
  const { entry, client } = push;
  const { ports } = context;
  // Names of their own: this is another request than the one just refused.
  const names = ports.ids.deliveryNames(`${entry.id} text/plain`, client.client, entry.attempt);
  const headers = request.headers
    .without('Accept-Contact')
    .with('Content-Type', text.contentType)
    .with('Call-ID', names.callId)
    .with('From', withTag(request.headers.text('From') ?? '', names.fromTag));
  const answered = await ports.sipCore.toClient(client, { ...request, headers, body: text.octets }, names.branch);
  if (answered.kind === 'answered' && answered.response.status < 300) return delivered(push, true, context);
  return failed(push, answered, context);
}
