import { defineHeader, type HeaderField, type Headers, type RawHeader } from '@opencpm/sip';
import { type ContributionId, type ConversationId, contributionId, conversationId } from './identifiers.ts';

/**
 * The SIP headers that CPM defines (Appendix C). Their values are compared octet by octet and never validated for
 * length or form, because clients in the field write many (wire facts 2.2).
 */
export const conversationIdHeader: HeaderField<ConversationId> = defineHeader({
  name: 'Conversation-ID',
  list: false,
  decode: (text) => conversationId(text.trim()),
  encode: (id) => id,
});

export const contributionIdHeader: HeaderField<ContributionId> = defineHeader({
  name: 'Contribution-ID',
  list: false,
  decode: (text) => contributionId(text.trim()),
  encode: (id) => id,
});

export const inReplyToContributionIdHeader: HeaderField<ContributionId> = defineHeader({
  name: 'InReplyTo-Contribution-ID',
  list: false,
  decode: (text) => contributionId(text.trim()),
  encode: (id) => id,
});

/** UID of the stored object in the store of the user who receives this header; meaningless to anybody else. */
export const messageUidHeaderName = 'Message-UID';

/** The three headers that every answer carries as the request had them (A-7.2.2.1-05, wire facts 2.3). */
const identityHeaders: ReadonlySet<string> = new Set(
  [conversationIdHeader, contributionIdHeader, inReplyToContributionIdHeader].map(({ key }) => key),
);

/** The identity headers of a message, byte for byte. */
export function identityHeadersOf(headers: Headers): readonly RawHeader[] {
  return headers.raw.filter(({ key }) => identityHeaders.has(key));
}
