import { type CpimMessage, contentTypeOf, formatCpim, mediaType, withDispositionNotifications } from '@opencpm/payloads';
import { canonicalAddress, dateHeader, Malformed, parseUri, portableOctets, type SipRequest, textToOctets } from '@opencpm/sip';
import { anonymityRequested, anonymousUri, authenticatedOriginator } from '../common/addresses.ts';
import type { ContributionId, ConversationId, MessageId, UserId } from '../common/identifiers.ts';
import { readStandaloneMessage } from '../common/standalone-message.ts';

/** Which way a message went, seen from the owner of the store (wire facts 13.3). */
export type MessageDirection = 'sent' | 'received';

/** A message object of the Message Storage Server (wire facts 13.1): what is stored, and what it is found by. */
export interface MessageObject {
  readonly owner: UserId;
  /** Folder of the conversation history, without namespace prefix: `Default/tel:+15550001`. */
  readonly folder: string;
  readonly direction: MessageDirection;
  readonly conversationId: ConversationId | undefined;
  readonly contributionId: ContributionId | undefined;
  readonly messageId: MessageId | undefined;
  /** Two objects with the same key are the same message; without one each is a message of its own. */
  readonly key: string | undefined;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** The whole object as an Internet message (RFC 5322) around the CPIM message. */
  readonly octets: Uint8Array;
}

export interface Recorded {
  readonly owner: UserId;
  readonly request: SipRequest;
  readonly direction: MessageDirection;
  /** When it came, milliseconds since the epoch. */
  readonly at: number;
  /** Unique, for the object's own Message-ID. */
  readonly objectId: string;
}

/** System folder that the network alone writes (wire facts 13.2). */
const systemFolder = 'Default';

/** A pager-mode standalone message with all its headers and bodies (A-8.5.1-01, wire facts 13.3). */
export function messageObject(recorded: Recorded): MessageObject {
  const { owner, request, direction, at } = recorded;
  const message = readStandaloneMessage(request);
  const { conversationId, contributionId, messageId, cpim } = message;
  const recipient = recipientAddress(request);
  return {
    owner,
    // The 2.1 naming of a one-to-one conversation: the address of the other party.
    folder: `${systemFolder}/${direction === 'sent' ? recipient : senderAddress(request, direction)}`,
    direction,
    conversationId,
    contributionId,
    messageId,
    // A deferred message has lost who hid: live and pushed, it is the same object.
    key: objectKey([direction, senderAddress(request, direction), contributionId ?? '', messageId ?? '']),
    storedAt: at,
    octets: objectOctets(recorded, recipient, cpim),
  };
}

/** Characters that an index of every engine can hold. */
const maxKeyLength = 1000;

/** Undefined without a Message-ID, its last part, and for ids that are no ids. */
function objectKey(parts: readonly string[]): string | undefined {
  const key = parts.join('\n');
  return parts.at(-1) === '' || key.length > maxKeyLength ? undefined : key;
}

/** Decision 33: what is stored instead of delivered asks nobody any more for a delivery notification; `display` stays. */
export function withoutDeliveryRequest(request: SipRequest): SipRequest {
  const { cpim, requestedNotifications } = readStandaloneMessage(request);
  const left = new Set([...requestedNotifications].filter((name) => name !== 'positive-delivery' && name !== 'negative-delivery'));
  return { ...request, body: formatCpim(withDispositionNotifications(cpim, left)) };
}

/** Headers of a stored message in the order of wire facts 13.3, each on one line as SIP has unfolded them. */
function objectOctets({ request, direction, at, objectId }: Recorded, recipient: string, cpim: CpimMessage): Uint8Array {
  const { headers } = request;
  const { messageId } = readStandaloneMessage(request);
  const lines = [
    line('From', senderAddress(request, direction)),
    line('To', recipient),
    line('Date', dateHeader.encode(headers.value(dateHeader) ?? at).replace(/GMT$/, '+0000')),
    ...copied(request, [
      'Subject',
      'P-Asserted-Service',
      'Conversation-ID',
      'Contribution-ID',
      'InReplyTo-Contribution-ID',
      'Accept-Contact',
    ]),
    ...(messageId === undefined ? [] : [line('IMDN-Message-ID', textToOctets(messageId))]),
    line('Message-Direction', direction),
    line('Payload-Type', textToOctets(mediaType(contentTypeOf(cpim)))),
    line('Message-ID', `<${objectId}>`),
    line('MIME-Version', '1.0'),
    line('Content-Type', 'Message/CPIM'),
    line('Content-Transfer-Encoding', 'binary'),
  ];
  // Texts of SIP headers hold one octet a character.
  const head = portableOctets.encode(`${lines.join('\r\n')}\r\n\r\n`);
  const octets = new Uint8Array(head.length + request.body.length);
  octets.set(head);
  octets.set(request.body, head.length);
  return octets;
}

function copied({ headers }: SipRequest, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => headers.texts(name).map((value) => line(name, value)));
}

function line(name: string, value: string): string {
  return `${name}: ${value}`;
}

/** Nobody learns from the recipient's store who hid on the wire. */
function senderAddress({ headers }: SipRequest, direction: MessageDirection): string {
  if (direction === 'received' && anonymityRequested(headers)) return anonymousUri;
  return authenticatedOriginator(headers) ?? anonymousUri;
}

/** As addressed; canonical, so that one contact has one folder. */
function recipientAddress({ uri }: SipRequest): string {
  const parsed = parseUri(uri);
  return parsed instanceof Malformed ? uri : (canonicalAddress(parsed) ?? uri);
}
