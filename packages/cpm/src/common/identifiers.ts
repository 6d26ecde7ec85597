/**
 * Opaque names that must not be mixed up. Each is a string at run time and a type of its own for the compiler; the
 * functions below are the only place where a string becomes one (codec casts: the brand exists in types only).
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The owner of identities, bindings and queue: never shown to a peer, never derived from an address. */
export type UserId = Branded<'UserId'>;
/** imdn.Message-ID (RFC 5438 §6.3): unique for a sender, compared octet by octet. */
export type MessageId = Branded<'MessageId'>;
export type ConversationId = Branded<'ConversationId'>;
export type ContributionId = Branded<'ContributionId'>;
/** `sip:<unique string>@<host>` of a deferred message (B-8.3.1.6.1-05). Sorts by arrival within a user's queue. */
export type MessageUriId = Branded<'MessageUriId'>;

// The casts give the brand to text that a codec or the database has read; there is nothing to check at run time.
export const userId = (text: string): UserId => text as UserId;
export const messageId = (text: string): MessageId => text as MessageId;
export const conversationId = (text: string): ConversationId => text as ConversationId;
export const contributionId = (text: string): ContributionId => text as ContributionId;
export const messageUriId = (text: string): MessageUriId => text as MessageUriId;
