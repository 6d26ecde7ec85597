import { dateHeader, expiresHeader, type SipRequest } from '@opencpm/sip';
import { anonymityRequested } from '../../common/addresses.ts';
import { withoutSender } from '../../common/hide-sender.ts';
import type { ContributionId, ConversationId, MessageId, MessageUriId, UserId } from '../../common/identifiers.ts';

/** A message in the Deferred CPM Message Queue (B 8.3.1.6.1). */
export interface DeferredMessage {
  readonly owner: UserId;
  readonly id: MessageUriId;
  readonly mode: 'pager';
  /** A notification owes nothing when it expires (decision 46). */
  readonly kind: 'message' | 'notification';
  /** Canonical address of the authenticated originator; kept for the blacklist and our own notifications, also when anonymous. */
  readonly originator: string | undefined;
  readonly anonymous: boolean;
  /** Messages of one conversation reach a client in the order in which they were committed. */
  readonly conversationId: ConversationId | undefined;
  readonly contributionId: ContributionId | undefined;
  readonly messageId: MessageId | undefined;
  /** (originator, Contribution-ID, Message-ID) as one text, when the message can be told from others. */
  readonly duplicateKey: string | undefined;
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number;
  readonly expiresAt: number;
  /** Start line, the headers of B-8.3.1.6.1-01 and the body. */
  readonly request: SipRequest;
}

/** A row of the queue as it is read back. */
export type QueueEntry = Omit<DeferredMessage, 'duplicateKey'>;

/** A row on its way to one client. */
export interface QueuedDelivery extends QueueEntry {
  /** Counts the user's messages in the order of their commits. */
  readonly position: number;
  /** 0 at first, one more after each final answer that is no 2xx and after silence. */
  readonly attempt: number;
  /** How the last attempt at this client ended; undefined before the first one. */
  readonly refusal: ClientRefusal | undefined;
}

/** What one client made of a deferred message when it did not take it. Durable, beside the message. */
export interface ClientRefusal {
  /** Status of its answer; 0 when nothing could be sent, undefined when it was silent. */
  readonly status: number | undefined;
  /** The pause after it, which the next one doubles. */
  readonly pauseMilliseconds: number;
  /** The message is not sent to this client before that time, milliseconds since the epoch. */
  readonly retryAt: number;
  /** The registration that refused for good (`registrationOf`): while it is the same, the message is not sent to it. */
  readonly refusedBy: string | undefined;
}

/** Headers that are kept (B-8.3.1.6.1-01), in lower case; Content-Length is made when it is sent. All others are not stored (-02). */
const storedHeaders: ReadonlySet<string> = new Set([
  'from',
  'to',
  'p-asserted-identity',
  'p-asserted-service',
  'privacy',
  'subject',
  'reply-to',
  'referred-by',
  'date',
  'accept-contact',
  'mime-version',
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'conversation-id',
  'contribution-id',
  'inreplyto-contribution-id',
]);

/**
 * Step 1 of 8.3.1.6.1: start line, those headers as they came and in their order, the whole body (which holds the CPIM
 * headers and, in multipart/mixed, the recipient list); Date is added when it is missing.
 */
export function storedRequest(request: SipRequest, arrivedAt: number): SipRequest {
  // Decision 34: nothing of a sender who hides is in the stored headers.
  const known = anonymityRequested(request.headers) ? withoutSender(request.headers).without('P-Asserted-Identity') : request.headers;
  const kept = known.filter(({ key }) => storedHeaders.has(key));
  const headers = kept.has('Date') ? kept : kept.append(dateHeader, arrivedAt);
  return { kind: 'request', method: request.method, uri: request.uri, headers, body: request.body };
}

/**
 * Step 5, B-8.3.1.6.1-08: the sender's Expires when it is below the operator's maximum, else the maximum. Expires counts
 * from Date, without one from arrival (RFC 3428 §7); a Date in the future is a wrong clock and lengthens nothing.
 */
export function expiryTime(request: SipRequest, arrivedAt: number, maxExpirySeconds: number): number {
  const asked = request.headers.value(expiresHeader);
  if (asked === undefined || asked >= maxExpirySeconds) return arrivedAt + maxExpirySeconds * 1000;
  return Math.min(request.headers.value(dateHeader) ?? arrivedAt, arrivedAt) + asked * 1000;
}
