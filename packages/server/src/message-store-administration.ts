import type { AdministrationResult } from './administration-result.ts';

/** What an operator sees of the message stores of users. Plain JSON, times in ISO 8601 UTC. */
export interface MessageStoreAdministration {
  /** The objects of a user's store by rising UID, at most so many. */
  list(user: string, limit: number): Promise<AdministrationResult<readonly StoredMessageSummary[]>>;
  /** One object with its octets. */
  show(user: string, uid: number): Promise<AdministrationResult<StoredMessage>>;
}

export interface StoredMessageSummary {
  /** The value that clients know from Message-UID. */
  readonly uid: number;
  /** Folder of the conversation history: `Default/sip:alice@example.net`. */
  readonly folder: string;
  readonly direction: 'sent' | 'received';
  readonly conversationId?: string;
  readonly imdnMessageId?: string;
  readonly storedAt: string;
  readonly sizeOctets: number;
}

export interface StoredMessage extends StoredMessageSummary {
  /** The whole object, an Internet message around the CPIM message, read as UTF-8. */
  readonly text: string;
}
