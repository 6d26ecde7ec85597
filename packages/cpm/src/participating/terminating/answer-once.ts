import type { SipResponse } from '@opencpm/sip';
import { answer } from '../../common/answers.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';
import type { TerminatingContext } from './terminating-message.ts';

/**
 * A message that comes a second time (sent again by the client, by a second path, after a crash of this server) gets
 * the answer of the first and is not delivered again. The key is (recipient, originator, Contribution-ID, IMDN
 * Message-ID); messages without Message-ID cannot be told apart and always pass. A retransmission never gets here:
 * the transaction layer answers it.
 */
export function answerOnce(
  served: ServedRequest,
  message: StandaloneMessage,
  context: TerminatingContext,
  handle: () => Promise<SipResponse>,
): Promise<SipResponse> {
  const key = duplicateKey(served, message);
  if (key === undefined) return handle();
  const { recentMessages } = context.ports;
  const before = recentMessages.find(key, served.arrivedAt);
  if (before !== undefined) return answerAsBefore(before, served, context);
  const response = handle();
  recentMessages.remember(
    key,
    response.then(({ status }) => status),
    served.arrivedAt,
  );
  return response;
}

async function answerAsBefore(before: number | Promise<number>, served: ServedRequest, context: TerminatingContext): Promise<SipResponse> {
  const status = await before;
  const { servedUser, request, arrivedAt } = served;
  context.ports.charging.outcome({ servedUser, case: 'terminating', status, outcome: 'duplicate', request, arrivedAt });
  return answer(request, status, context.self);
}

export function duplicateKey(
  served: Pick<ServedRequest, 'servedUser'>,
  message: Pick<StandaloneMessage, 'originator' | 'contributionId' | 'messageId'>,
): string | undefined {
  if (message.messageId === undefined) return undefined;
  const key = [served.servedUser, message.originator ?? '', message.contributionId, message.messageId].join(' ');
  return key.length > maxKeyLength ? undefined : key;
}

/** Characters; what has longer ids cannot be told apart. An index of PostgreSQL holds no more than 2,704 octets. */
const maxKeyLength = 1024;
