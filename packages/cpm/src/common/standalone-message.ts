import {
  type CpimMessage,
  contentDispositionOf,
  contentTypeOf,
  type DispositionNotification,
  dateTime,
  dispositionNotifications,
  formatContentType,
  imdnMessageId,
  mediaType,
} from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import { anonymityRequested, assertedAddresses } from './addresses.ts';
import { cpimIn } from './cpim-of.ts';
import { contributionIdHeader, conversationIdHeader } from './cpm-headers.ts';
import { type ContributionId, type ConversationId, type MessageId, messageId } from './identifiers.ts';
import { requestedInstance } from './service-tags.ts';

/** Characters. A longer one is no id that anybody made to be found again, and counts as none. */
const maxMessageIdLength = 512;

/** What the functions need to know of a pager-mode standalone message, decoded once. */
export interface StandaloneMessage extends Envelope {
  /** Canonical address of the authenticated originator; undefined when nobody is asserted. */
  readonly originator: string | undefined;
  /** All his asserted addresses, that one first. */
  readonly originators: readonly string[];
  readonly anonymous: boolean;
  readonly conversationId: ConversationId | undefined;
  readonly contributionId: ContributionId | undefined;
  /** `+sip.instance` of the device that the request is for (6.1.2). */
  readonly device: string | undefined;
}

/** What the CPIM message itself says. */
interface Envelope {
  /** An IMDN (5.4) travels as a standalone message and is treated apart (decision 46). */
  readonly kind: 'message' | 'notification';
  readonly messageId: MessageId | undefined;
  readonly requestedNotifications: ReadonlySet<DispositionNotification>;
  /** CPIM DateTime, RFC 3339, as the sender wrote it. */
  readonly dateTime: string | undefined;
  readonly cpim: CpimMessage;
}

/** Reads a request that `becomeCpmMessage` has let pass. */
export function readStandaloneMessage(request: SipRequest): StandaloneMessage {
  const { kind, messageId, requestedNotifications, dateTime, cpim } = envelopeOf(cpimIn(request));
  const { headers } = request;
  const originators = assertedAddresses(headers);
  return {
    kind,
    originator: originators[0],
    originators,
    anonymous: anonymityRequested(headers),
    conversationId: headers.value(conversationIdHeader),
    contributionId: headers.value(contributionIdHeader),
    messageId,
    requestedNotifications,
    dateTime,
    device: requestedInstance(headers),
    cpim,
  };
}

/** The originating function reads the same message just before the terminating one. */
function envelopeOf(cpim: CpimMessage): Envelope {
  if (lastEnvelope?.cpim !== cpim) lastEnvelope = readEnvelope(cpim);
  return lastEnvelope;
}

let lastEnvelope: Envelope | undefined;

function readEnvelope(cpim: CpimMessage): Envelope {
  const id = imdnMessageId(cpim);
  return {
    kind: isNotification(cpim) ? 'notification' : 'message',
    messageId: id === undefined || id.length > maxMessageIdLength ? undefined : messageId(id),
    requestedNotifications: dispositionNotifications(cpim),
    dateTime: dateTime(cpim),
    cpim,
  };
}

/** Content-Disposition says so, else the type of what is wrapped (RFC 5438 §7.2). */
function isNotification(cpim: CpimMessage): boolean {
  if (contentDispositionOf(cpim)?.disposition === 'notification') return true;
  return mediaType(contentTypeOf(cpim)) === 'message/imdn+xml';
}

export interface PlainText {
  readonly contentType: string;
  readonly octets: Uint8Array;
}

/** The text inside, for a client that understands nothing else; undefined when it is not text. */
export function plainText(message: StandaloneMessage): PlainText | undefined {
  const type = contentTypeOf(message.cpim);
  if (mediaType(type) !== 'text/plain') return undefined;
  return { contentType: formatContentType(type), octets: message.cpim.content };
}
