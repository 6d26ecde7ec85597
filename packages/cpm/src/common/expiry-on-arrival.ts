import { dateHeader, expiresHeader, type SipRequest, type SipResponse } from '@opencpm/sip';
import type { Ids, Outbox, ServedRequest } from '../ports.ts';
import { type AnsweringFunction, refuse } from './answers.ts';
import { negativeDeliveryNotification } from './disposition/notification-of-function.ts';
import type { StandaloneMessage } from './standalone-message.ts';

/** The message is valid for Expires seconds after its Date; without Date the seconds have only begun (RFC 3428 §7). */
export function isExpired({ headers }: SipRequest, now: number): boolean {
  const expires = headers.value(expiresHeader);
  const date = headers.value(dateHeader);
  return expires !== undefined && (expires === 0 || (date !== undefined && date + expires * 1000 <= now));
}

interface ExpiryContext {
  readonly ports: { readonly outbox: Outbox; readonly ids: Ids };
  readonly self: AnsweringFunction;
}

/**
 * 480, and the negative notification that the sender asked for; that is durable before the answer (E-8.2.1.2-04 by
 * analogy). The function that finds it out speaks in the name of the user whom it serves.
 */
export async function refuseExpired(served: ServedRequest, message: StandaloneMessage, context: ExpiryContext): Promise<SipResponse> {
  const { request, servedUser, arrivedAt } = served;
  const notified = { owner: servedUser, recipientUri: request.uri, message, arrivedAt };
  const owed = negativeDeliveryNotification(notified, arrivedAt, context);
  const fault = owed === undefined ? undefined : await context.ports.outbox.owe(owed);
  if (fault !== undefined) return refuse(request, { status: 503, retryAfterSeconds: 30 }, context.self);
  return refuse(request, { status: 480 }, context.self);
}
