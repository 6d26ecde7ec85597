import { negativeDeliveryNotification, notifiedOfDeferred } from '../../common/disposition/notification-of-function.ts';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { OwedRequest, QueueFault } from '../../ports.ts';
import { expiredHandling } from '../../preferences/preferences.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import type { QueueEntry } from './deferred-message.ts';
import { notifyAfterExpiry } from './deferred-notice.ts';

/** How many messages one pass takes out: what is relayed waits for no more than these and what they owe, a millisecond or two. */
const passSize = 5;
/** And of those that are late by more than that, in milliseconds: then expiry does not keep up, and that is worse. */
const latePassSize = 20;
const lateMilliseconds = 600_000;
/** After a fault of the database. */
const retryMilliseconds = 5000;

/**
 * Handling Deferred CPM Messages on Expiry Time (B 8.3.1.6.8): one pass over what has expired. Resolves with the
 * time of the next expiry in milliseconds since the epoch, or undefined when nothing waits.
 */
export async function expireDeferredMessages(context: TerminatingContext): Promise<number | undefined> {
  const { ports } = context;
  const lookedAt = ports.clock.now();
  const retryAt = lookedAt + retryMilliseconds;
  const entries = await claimed(context, lookedAt);
  if ('kind' in entries) {
    ports.diagnostics.fault('read the expired messages', entries.reason);
    return retryAt;
  }
  // Together, so that the database writes them in one go.
  const outcomes = await Promise.all(entries.map((entry) => expireDeferredMessage(entry, context)));
  const fault = outcomes.find((outcome) => outcome !== undefined);
  if (fault !== undefined) {
    ports.diagnostics.fault('discard an expired message', fault.reason);
    return retryAt;
  }
  if (entries.length >= passSize) return ports.clock.now();
  // Seen from the look, not from now: a message whose time came during this pass is not in it.
  const next = await ports.deferredQueue.nextExpiry(lookedAt);
  return typeof next === 'object' ? retryAt : next;
}

/**
 * What this pass handles. A message that is on its way to a client is left alone: whether it was delivered is not
 * decided yet, and only one of the two may be told. The end of its way brings the next look.
 */
async function claimed({ ports }: TerminatingContext, now: number): Promise<readonly QueueEntry[] | QueueFault> {
  const taken: QueueEntry[] = [];
  let after: QueueEntry | undefined;
  for (;;) {
    const page = await ports.deferredQueue.expired(now, passSize, after);
    if ('kind' in page) return page;
    const wanted = now - (page[0]?.expiresAt ?? now) > lateMilliseconds ? latePassSize : passSize;
    taken.push(...page.filter(({ id }) => !ports.pushes.isUnderWay(id)));
    after = page.at(-1);
    if (page.length < passSize || taken.length >= wanted) return taken;
  }
}

async function expireDeferredMessage(entry: QueueEntry, context: TerminatingContext): Promise<QueueFault | undefined> {
  const { ports } = context;
  const now = ports.clock.now();
  // B-8.3.1.6.8-01, -02: the user's setting.
  const handling = expiredHandling(await ports.preferences.of(entry.owner), now);
  const isStored = handling === 'store' && (await store(entry, context));
  const owed = isStored ? undefined : owedForDiscarding(entry, now, context);
  // B-8.3.1.6.8-03: out of the queue, in one commit with what is owed because of that.
  const removed = await ports.deferredQueue.remove(entry.owner, entry.id, owed === undefined ? [] : [owed]);
  if (typeof removed === 'object') return removed;
  if (!removed) return undefined;
  if (owed !== undefined) ports.outbox.wake();
  // B-8.3.1.6.8-04 to -11, -14 to -21: the user is told, but not of a notification.
  if (entry.kind === 'message') notifyAfterExpiry(entry, isStored ? 'stored' : 'discarded', context);
  ports.charging.outcome({
    servedUser: entry.owner,
    case: 'deferred',
    status: isStored ? 200 : 480,
    outcome: isStored ? 'stored' : 'expired',
    request: entry.request,
    arrivedAt: entry.arrivedAt,
  });
  return undefined;
}

/**
 * B-8.3.1.6.8-13, -22: into the message store, which answers a requested positive notification itself. When there is
 * none, or it does not take the message, the preference cannot be followed: the message is discarded with notice.
 */
async function store(entry: QueueEntry, { ports }: TerminatingContext): Promise<boolean> {
  // Decision 46: a notification is no message to keep.
  if (entry.kind === 'notification') return false;
  return (await ports.recording.store(entry.owner, entry.request)).kind === 'stored';
}

/** B-8.3.1.6.8-12: the sender is told when he asked; a notification owes nothing (decision 46). */
function owedForDiscarding(entry: QueueEntry, now: number, context: TerminatingContext): OwedRequest | undefined {
  return negativeDeliveryNotification(notifiedOfDeferred(entry, readStandaloneMessage(entry.request)), now, context);
}
