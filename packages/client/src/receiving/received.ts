import type { DispositionNotification, ImdnNotification } from '@opencpm/payloads';
import type { RegistrationState } from '../outcomes.ts';

/** A message as it is given to the application. Addresses are URIs as text. */
export interface ReceivedMessage {
  /** The authenticated originator, else whom the message names as its sender. */
  readonly from: string;
  /** True when the sender is not to be shown. */
  readonly anonymous: boolean;
  readonly displayName?: string;
  /** Whom it was written to. */
  readonly to: string;
  /** Present for text, also for the first text of a multipart. */
  readonly text?: string;
  readonly subject?: string;
  readonly content: ReceivedContent;
  /** Absent in a plain SIP message, as are the other ids. */
  readonly conversationId?: string;
  readonly contributionId?: string;
  readonly inReplyToContributionId?: string;
  /** imdn.Message-ID. */
  readonly messageId?: string;
  /** The UID in the recipient's message store, to be kept with the message (A-7.2.2.3-05). */
  readonly messageUid?: number;
  readonly requestedNotifications: ReadonlySet<DispositionNotification>;
  /** True when it was kept while the recipient was away. */
  readonly deferred: boolean;
  /** When it was written, in milliseconds since the Unix epoch. */
  readonly sentAt?: number;
  /** The same as the sender wrote it, which notifications repeat. */
  readonly dateTime?: string;
  /** Where answers shall go when not to `from`. */
  readonly replyTo?: string;
  /** +sip.instance of the device that sent it. */
  readonly senderDevice?: string;
}

export interface ReceivedContent {
  /** The media type with its parameters; of content that lies elsewhere the one that it has there. */
  readonly contentType: string;
  readonly octets: Uint8Array;
  /** How the sender wants it presented, such as `render` or `attachment`, in lower case (A-7.2.2.3-01). */
  readonly disposition?: string;
  /** Where the content lies (A-7.2.2.3-02). Comes from a stranger: nothing here fetches it, nor should anybody unasked. */
  readonly externalUrl?: string;
}

/** What became of a message that was sent. */
export interface ReceivedDisposition {
  /** imdn.Message-ID of that message. */
  readonly messageId: string;
  /** Who says so. */
  readonly from: string;
  readonly notification: ImdnNotification;
}

/** What an application does with what comes. A handler that throws makes the answer 500. */
export interface ClientHandlers {
  readonly message: MessageHandler;
  disposition?(disposition: ReceivedDisposition): void;
  registration?(state: RegistrationState): void;
}

/** Gives `reject` when there is no room for the message: the answer is 480, and the network keeps it or tries elsewhere. */
export type MessageHandler = ((received: ReceivedMessage) => void) | ((received: ReceivedMessage) => 'reject' | undefined);
