import { composeCpim, contentType, formatCpim, formatImdn, type Imdn, rfc3339 } from '@opencpm/payloads';
import { Headers, type SipRequest } from '@opencpm/sip';
import type { QueueEntry } from '../../participating/deferred/deferred-message.ts';
import type { Ids, OwedRequest } from '../../ports.ts';
import { anonymousUri } from '../addresses.ts';
import type { AnsweringFunction } from '../answers.ts';
import type { UserId } from '../identifiers.ts';
import { acceptContactFor, icsi } from '../service-tags.ts';
import type { StandaloneMessage } from '../standalone-message.ts';

/** How long a notification of the function is tried, seconds: a day, as long as a phone may be away from its core. */
const notificationLifetimeSeconds = 86_400;

/** What a notification needs to know of the message that it is about. */
export interface NotifiedMessage {
  /** In whose name the function speaks. */
  readonly owner: UserId;
  /** The address that the sender wrote to, as he wrote it. */
  readonly recipientUri: string;
  readonly message: Pick<
    StandaloneMessage,
    'kind' | 'originator' | 'conversationId' | 'contributionId' | 'messageId' | 'requestedNotifications' | 'dateTime'
  >;
  readonly arrivedAt: number;
}

export interface NotifyingContext {
  readonly self: AnsweringFunction;
  readonly ports: { readonly ids: Ids };
}

type Notification = Imdn['notification'];

/** Sending a Disposition Notification on behalf of the user (8.3.4): his client got the message and cannot say so itself. */
export function positiveDeliveryNotification(notified: NotifiedMessage, now: number, context: NotifyingContext): OwedRequest | undefined {
  if (!notified.message.requestedNotifications.has('positive-delivery')) return undefined;
  return notification(notified, { kind: 'delivery', status: 'delivered' }, now, context);
}

/** The message was discarded or dropped (B-8.3.1.6.8-12). */
export function negativeDeliveryNotification(notified: NotifiedMessage, now: number, context: NotifyingContext): OwedRequest | undefined {
  if (!notified.message.requestedNotifications.has('negative-delivery')) return undefined;
  return notification(notified, { kind: 'delivery', status: 'failed' }, now, context);
}

/** Nothing is owed for an IMDN, to nobody, or without a Message-ID that the sender could recognise (RFC 5438 §6.3). */
function notification(notified: NotifiedMessage, what: Notification, now: number, context: NotifyingContext): OwedRequest | undefined {
  const { message, owner } = notified;
  if (message.kind === 'notification' || message.messageId === undefined || message.originator === undefined) return undefined;
  // The same message and the same notification make the same id: what is stored twice is owed once.
  const id = `notification ${owner} ${message.originator} ${message.messageId} ${what.status}`;
  const body = cpimBody(notified, what, now, context.ports.ids);
  const headers = notificationHeaders(notified, id, context);
  const request: SipRequest = { kind: 'request', method: 'MESSAGE', uri: message.originator, headers, body };
  return { id, owner, request, expiresAt: now + notificationLifetimeSeconds * 1000 };
}

/** Headers as in wire facts 16.4; Contribution-ID of the original by decision 32. */
function notificationHeaders(notified: NotifiedMessage, id: string, context: NotifyingContext): Headers {
  const { message, recipientUri } = notified;
  const names = context.ports.ids.deliveryNames(id, 'originator', 0);
  const pairs: (readonly [string, string])[] = [
    ['Max-Forwards', '70'],
    ['From', `<${recipientUri}>;tag=${names.fromTag}`],
    ['To', `<${message.originator}>`],
    ['Call-ID', names.callId],
    ['CSeq', `${names.sequence} MESSAGE`],
    ['P-Asserted-Identity', `<${recipientUri}>`],
    ['P-Asserted-Service', icsi('msg')],
    ['Accept-Contact', acceptContactFor('msg')],
    ['User-Agent', context.self.server],
    ['Content-Type', 'message/cpim'],
  ];
  if (message.conversationId !== undefined) pairs.push(['Conversation-ID', message.conversationId]);
  if (message.contributionId !== undefined) pairs.push(['Contribution-ID', message.contributionId]);
  return Headers.of(...pairs);
}

function cpimBody(notified: NotifiedMessage, what: Notification, now: number, ids: Ids): Uint8Array {
  const { message, arrivedAt, recipientUri } = notified;
  const imdn: Imdn = {
    kind: 'imdn',
    messageId: message.messageId ?? '',
    dateTime: message.dateTime ?? rfc3339(arrivedAt),
    recipientUri,
    notification: what,
  };
  return formatCpim(
    composeCpim({
      from: { uri: anonymousUri },
      to: [{ uri: anonymousUri }],
      dateTime: rfc3339(now),
      messageId: ids.unique(),
      contentType: contentType('message/imdn+xml'),
      contentDisposition: 'notification',
      content: formatImdn(imdn),
    }),
  );
}

/** The facts of a queued message, read back. The row knows an anonymous sender whom the stored headers do not name (decision 34). */
export function notifiedOfDeferred(entry: QueueEntry, message: StandaloneMessage): NotifiedMessage {
  const { owner, arrivedAt, originator, request } = entry;
  return { owner, arrivedAt, recipientUri: request.uri, message: { ...message, originator } };
}
