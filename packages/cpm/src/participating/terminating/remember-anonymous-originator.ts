import { anonymousUri } from '../../common/addresses.ts';
import type { QueueFault } from '../../ports.ts';
import { expiryTime } from '../deferred/deferred-message.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/** How long after the message itself its notifications may come (decision 34): seven days. */
const notificationsMilliseconds = 7 * 86_400_000;

/**
 * Keeps who sent an anonymous message for the notifications that its recipient will send to the anonymous address
 * (decision 34). Resolves when that is durable. Of a message that no notification will be about, nothing is kept.
 */
export async function rememberAnonymousOriginator(
  { request, message, servedUser, arrivedAt }: TerminatingMessage,
  { ports, policy }: TerminatingContext,
): Promise<QueueFault | undefined> {
  const { anonymous, messageId, originator, requestedNotifications } = message;
  if (!anonymous || messageId === undefined || requestedNotifications.size === 0) return undefined;
  // A foreign core may hide its sender from us as well.
  if (originator === undefined || originator === anonymousUri) return undefined;
  const expiresAt = expiryTime(request, arrivedAt, policy.maxExpirySeconds) + notificationsMilliseconds;
  const fault = await ports.anonymousOriginators.remember({ recipient: servedUser, messageId, originator, expiresAt }, arrivedAt);
  if (fault !== undefined) ports.diagnostics.fault('keep who sent an anonymous message', fault.reason, request);
  return fault;
}
