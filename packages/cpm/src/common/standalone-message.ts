import {
  type CpimMessage,
  composeCpim,
  contentDispositionOf,
  contentType,
  contentTypeOf,
  type DispositionNotification,
  dateTime,
  dispositionNotifications,
  formatContentType,
  formatCpim,
  imdnMessageId,
  isPayloadProblem,
  mediaType,
  parseContentType,
  parseCpim,
} from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import type { Ids } from '../ports.ts';
import { anonymityRequested, anonymousUri, authenticatedOriginator, claimedAddress } from './addresses.ts';
import type { Refusal } from './answers.ts';
import { contributionIdHeader, conversationIdHeader } from './cpm-headers.ts';
import { type ContributionId, type ConversationId, contributionId, conversationId, type MessageId, messageId } from './identifiers.ts';
import { rfc3339 } from './instants.ts';
import { acceptContactFor, requestedInstance, requestedServices } from './service-tags.ts';

/** What the functions need to know of a pager-mode standalone message, decoded once. */
export interface StandaloneMessage {
  /** An IMDN (5.4) travels as a standalone message and is treated apart (decision 46). */
  readonly kind: 'message' | 'notification';
  /** Canonical address of the authenticated originator; undefined when nobody is asserted. */
  readonly originator: string | undefined;
  readonly anonymous: boolean;
  readonly conversationId: ConversationId | undefined;
  readonly contributionId: ContributionId | undefined;
  readonly messageId: MessageId | undefined;
  readonly requestedNotifications: ReadonlySet<DispositionNotification>;
  /** CPIM DateTime, RFC 3339, as the sender wrote it. */
  readonly dateTime: string | undefined;
  /** `+sip.instance` of the device that the request is for (6.1.2). */
  readonly device: string | undefined;
  readonly cpim: CpimMessage;
}

const cpimType = 'message/cpim';

/** Reads a request that `becomeCpmMessage` has let pass. */
export function readStandaloneMessage(request: SipRequest): StandaloneMessage {
  const cpim = parseCpim(request.body);
  // becomeCpmMessage has parsed the same octets before: anything else is a fault of this program.
  if (isPayloadProblem(cpim)) throw new TypeError(`not a CPM message: ${cpim.text}`);
  const id = imdnMessageId(cpim);
  return {
    kind: isNotification(cpim) ? 'notification' : 'message',
    originator: authenticatedOriginator(request.headers),
    anonymous: anonymityRequested(request.headers),
    conversationId: request.headers.value(conversationIdHeader),
    contributionId: request.headers.value(contributionIdHeader),
    messageId: id === undefined ? undefined : messageId(id),
    requestedNotifications: dispositionNotifications(cpim),
    dateTime: dateTime(cpim),
    device: requestedInstance(request.headers),
    cpim,
  };
}

/** Content-Disposition says so, else the type of what is wrapped (RFC 5438 §7.2). */
function isNotification(cpim: CpimMessage): boolean {
  if (contentDispositionOf(cpim)?.disposition === 'notification') return true;
  return mediaType(contentTypeOf(cpim)) === 'message/imdn+xml';
}

export type Become = { readonly kind: 'cpm'; readonly request: SipRequest } | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Gives a MESSAGE what makes it a CPM one when it has not got it: feature tag, the two ids, the CPIM wrapper. A plain
 * MESSAGE asks for no notification, because its sender could not read one. Changes nothing in a CPM message.
 */
export function becomeCpmMessage(request: SipRequest, ids: Ids, now: number): Become {
  const services = requestedServices(request.headers);
  if (services.size > 0 && !services.has('msg') && !services.has('deferred')) return { kind: 'refused', refusal: { status: 488 } };
  const type = parseContentType(request.headers.text('Content-Type') ?? 'text/plain');
  if (isPayloadProblem(type)) return { kind: 'refused', refusal: { status: 400 } };
  const wrapped = mediaType(type) === cpimType ? request : wrapInCpim(request, formatContentType(type), ids, now);
  const problem = parseCpim(wrapped.body);
  if (isPayloadProblem(problem)) return { kind: 'refused', refusal: { status: problem.code.startsWith('too-') ? 413 : 400 } };
  return { kind: 'cpm', request: withIdentity(wrapped, services.size === 0, ids) };
}

function withIdentity(request: SipRequest, needsTag: boolean, ids: Ids): SipRequest {
  let headers = request.headers;
  if (needsTag) headers = headers.append('Accept-Contact', acceptContactFor('msg'));
  if (!headers.has(conversationIdHeader)) headers = headers.append(conversationIdHeader, conversationId(ids.uuid()));
  if (!headers.has(contributionIdHeader)) headers = headers.append(contributionIdHeader, contributionId(ids.unique()));
  return headers === request.headers ? request : { ...request, headers };
}

function wrapInCpim(request: SipRequest, type: string, ids: Ids, now: number): SipRequest {
  const inner = parseContentType(type);
  const sender = anonymityRequested(request.headers) ? anonymousUri : claimedAddress(request);
  const body = formatCpim(
    composeCpim({
      from: { uri: sender },
      to: [{ uri: request.uri }],
      dateTime: rfc3339(now),
      messageId: ids.unique(),
      contentType: isPayloadProblem(inner) ? contentType('text/plain') : inner,
      content: request.body,
    }),
  );
  return { ...request, headers: request.headers.with('Content-Type', cpimType), body };
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
