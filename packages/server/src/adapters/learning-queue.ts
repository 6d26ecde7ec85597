import { type DeferredMessageQueue, duplicateKey } from '@opencpm/cpm';
import type { RecentMessageTable } from './recent-messages.ts';

/**
 * The queue, of whose messages this process learns that they were stored when it reads them for a push: the database may
 * have lost its answers, and a node that died right after it had stored one has told nobody. Either way the sender does not know,
 * and sends it again.
 */
export function learningQueue(
  queue: DeferredMessageQueue,
  recentMessages: Pick<RecentMessageTable, 'rememberStored'>,
  windowMilliseconds: number,
): DeferredMessageQueue {
  return {
    store: (message) => queue.store(message),
    waiting: async (owner, range) => {
      const read = await queue.waiting(owner, range);
      if ('kind' in read) return read;
      for (const entry of read) {
        const key = duplicateKey({ servedUser: owner }, entry);
        if (key !== undefined) recentMessages.rememberStored(key, entry.arrivedAt + windowMilliseconds);
      }
      return read;
    },
    waitingInConversation: (owner, conversation, now) => queue.waitingInConversation(owner, conversation, now),
    attemptFailed: (failed) => queue.attemptFailed(failed),
    remove: (owner, id, owed) => queue.remove(owner, id, owed),
    expired: (now, limit, after) => queue.expired(now, limit, after),
    nextExpiry: (after) => queue.nextExpiry(after),
  };
}
