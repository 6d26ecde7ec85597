import type { SipResponse } from '@opencpm/sip';
import { expectingClients, suitableClients } from '../terminating/suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from '../terminating/terminating-message.ts';
import { isOwedTo } from './client-refusal.ts';
import { deferStandaloneMessage } from './defer-standalone-message.ts';

/**
 * Order in a conversation, as one client sees it, is the order of the commits: while one of the recipient's clients is
 * still to get an earlier message of the conversation, what comes now is deferred behind it (202) and pushed at once to
 * whoever may have it. Undefined when nothing is before it or nobody is there. When the database does not say, delivery goes before order.
 */
export async function deferBehindQueue(terminating: TerminatingMessage, context: TerminatingContext): Promise<SipResponse | undefined> {
  const { message, servedUser, known, arrivedAt, preferences } = terminating;
  const { ports, policy } = context;
  if (message.conversationId === undefined) return undefined;
  const clients = expectingClients(suitableClients(known, message, policy, arrivedAt), message, preferences);
  if (clients.length === 0) return undefined;
  const before = await ports.deferredQueue.waitingInConversation(servedUser, message.conversationId, arrivedAt);
  if ('kind' in before) {
    ports.diagnostics.fault('look for earlier messages of a conversation', before.reason, terminating.request);
    return undefined;
  }
  const isOwed = clients.some((client) =>
    before.some(({ attempts }) => isOwedTo(client, attempts.get(client.client) ?? { attempt: 0, refusal: undefined })),
  );
  return isOwed ? deferStandaloneMessage(terminating, context, { legs: [], waiting: clients }) : undefined;
}
