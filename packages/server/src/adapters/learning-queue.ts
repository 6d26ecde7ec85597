import { type Clock, type DeferredMessageQueue, duplicateKey } from '@opencpm/cpm';
import type { RecentMessageTable } from './recent-messages.ts';
import { triedAgain } from './tried-again.ts';

/**
 * The queue, of whose messages this process learns that they were stored when it reads them for a push: the database may
 * have lost its answers, and a node that died right after it had stored one has told nobody. Either way the sender does not know,
 * and sends it again. What was accepted by a client is taken out when the database can, for some seconds: as long nobody
 * is sent it again, by this process. A later attempt has other names, and would be shown a second time.
 */
export function learningQueue(
  queue: DeferredMessageQueue,
  recentMessages: Pick<RecentMessageTable, 'rememberStored'>,
  { windowMilliseconds, clock }: { readonly windowMilliseconds: number; readonly clock: Clock },
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
    remove: async (owner, id, owed) => {
      let hadFault = false;
      const removed = await triedAgain(async () => {
        const outcome = await queue.remove(owner, id, owed);
        hadFault ||= typeof outcome === 'object';
        return outcome;
      }, clock);
      // It is gone and what is owed is there: only the answer was lost.
      return removed === false && hadFault ? true : removed;
    },
    expired: (now, limit, after) => queue.expired(now, limit, after),
    nextExpiry: (after) => queue.nextExpiry(after),
  };
}
