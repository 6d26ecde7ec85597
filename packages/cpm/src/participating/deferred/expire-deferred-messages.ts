import { negativeDeliveryNotification, notifiedOfDeferred } from '../../common/disposition/notification-of-function.ts';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { QueueFault } from '../../ports.ts';
import { expiredHandling } from '../../preferences/preferences.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import type { QueueEntry } from './deferred-message.ts';

/** How many messages one pass takes out, so that expiry never holds up what relays. */
const passSize = 100;

/**
 * Handling Deferred CPM Messages on Expiry Time (B 8.3.1.6.8): one pass over what has expired. Resolves with the
 * time of the next expiry in milliseconds since the epoch, or undefined when nothing waits.
 */
export async function expireDeferredMessages(context: TerminatingContext): Promise<number | undefined> {
  const { ports } = context;
  const entries = await ports.deferredQueue.expired(ports.clock.now(), passSize);
  if ('kind' in entries) {
    ports.diagnostics.fault('read the expired messages', entries.reason);
    return ports.clock.now() + retryMilliseconds;
  }
  for (const entry of entries) {
    const fault = await expireDeferredMessage(entry, context);
    if (fault === undefined) continue;
    ports.diagnostics.fault('discard an expired message', fault.reason);
    return ports.clock.now() + retryMilliseconds;
  }
  const next = await ports.deferredQueue.nextExpiry();
  return typeof next === 'object' ? ports.clock.now() + retryMilliseconds : next;
}

/** After a fault of the database. */
const retryMilliseconds = 5000;

async function expireDeferredMessage(entry: QueueEntry, context: TerminatingContext): Promise<QueueFault | undefined> {
  const { ports } = context;
  const now = ports.clock.now();
  // B-8.3.1.6.8-01, -02: the user's setting; `store` needs the message store and is discarded with notice until it is there.
  const handling = expiredHandling(await ports.preferences.of(entry.owner), now);
  if (handling === 'store') ports.diagnostics.fault('expire a message into the store', 'the message store is not there');
  // B-8.3.1.6.8-04 to -11: MAY tell the user; not done.
  // B-8.3.1.6.8-12: the sender is told when he asked; a notification owes nothing (decision 46).
  const message = readStandaloneMessage(entry.request);
  const owed = negativeDeliveryNotification(notifiedOfDeferred(entry, message), now, context);
  // B-8.3.1.6.8-03: out of the queue, in one commit with what is owed because of that.
  const removed = await ports.deferredQueue.remove(entry.owner, entry.id, owed === undefined ? [] : [owed]);
  if (typeof removed === 'object') return removed;
  if (!removed) return undefined;
  if (owed !== undefined) ports.outbox.wake();
  ports.charging.outcome({ servedUser: entry.owner, case: 'deferred', status: 480, outcome: 'expired' });
  return undefined;
}
