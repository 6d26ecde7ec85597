import { type ContentType, contentType, type DispositionNotification, isPayloadProblem, parseContentType } from '@opencpm/payloads';

/** A text, or octets with their media type, such as `image/jpeg` or `multipart/mixed;boundary=x`. */
export type OutgoingContent = string | { readonly contentType: string; readonly octets: Uint8Array };

export interface SendOptions {
  /** Goes on with a conversation; a new one begins when it is left out. */
  readonly conversationId?: string;
  /** Contribution-ID of the message that is answered; `reply` sets it. */
  readonly inReplyToContributionId?: string;
  readonly subject?: string;
  /** How long the message may be kept for a recipient who is away. */
  readonly expiresSeconds?: number;
  /** Asks the network not to show who sends. */
  readonly anonymous?: boolean;
  /** Where answers shall go, when not to the sender. */
  readonly replyTo?: string;
  /** What the sender wants to hear; positive and negative delivery and display when left out. */
  readonly notifications?: readonly DispositionNotification[];
  /** Ends the wait for the answer; the message may have arrived. */
  readonly signal?: AbortSignal;
}

/** What is put into a CPIM wrapper. */
export interface Payload {
  readonly type: ContentType;
  readonly octets: Uint8Array;
}

const plainText = contentType('text/plain', new Map([['charset', 'UTF-8']]));

/** Throws a TypeError for a media type that is none. */
export function payloadOf(content: OutgoingContent): Payload {
  if (typeof content === 'string') return { type: plainText, octets: new TextEncoder().encode(content) };
  const type = parseContentType(content.contentType);
  if (isPayloadProblem(type)) throw new TypeError(`${JSON.stringify(content.contentType)} is no media type: ${type.text}`);
  return { type, octets: content.octets };
}
