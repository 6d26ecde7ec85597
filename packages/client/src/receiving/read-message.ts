import {
  type ContentType,
  type CpimMessage,
  contentDispositionOf,
  contentTypeOf,
  dateTime,
  dispositionNotifications,
  formatContentType,
  fromAddress,
  type ImdnReading,
  imdnMessageId,
  isPayloadProblem,
  mediaType,
  type PayloadProblem,
  parseContentDisposition,
  parseContentType,
  parseCpim,
  parseExternalBody,
  parseImdns,
  parseRfc3339,
  subjects,
  toAddresses,
} from '@opencpm/payloads';
import {
  type Contact,
  contactHeader,
  formatUri,
  fromHeader,
  Headers,
  Malformed,
  type NameAddr,
  pAssertedIdentityHeader,
  parseUri,
  privacyHeader,
  replyToHeader,
  type SipRequest,
  textToOctets,
} from '@opencpm/sip';
import {
  anonymousUri,
  asksForService,
  contributionIdName,
  conversationIdName,
  inReplyToContributionIdName,
  instanceFeatureTag,
  isAnonymousUri,
  messageUid,
} from '../cpm.ts';
import { readText } from './read-text.ts';
import type { ReceivedContent, ReceivedDisposition, ReceivedMessage } from './received.ts';

/** What a MESSAGE turned out to be. */
export type Reading =
  | { readonly kind: 'message'; readonly message: ReceivedMessage }
  | {
      readonly kind: 'notification';
      readonly from: string;
      /** imdn.Message-ID of the notification itself. */
      readonly messageId: string | undefined;
      readonly dispositions: readonly ReceivedDisposition[];
    }
  | { readonly kind: 'refused'; readonly status: number; readonly reason?: string; readonly headers?: Headers };

/** What this client can read, for 415. */
export const acceptedTypes = 'message/cpim, text/plain';

/** Reads a MESSAGE to `identity` (A 7.2.2.1, A 7.2.2.3). */
export function readMessage(request: SipRequest, identity: string): Reading {
  const type = parseContentType(request.headers.text('Content-Type') ?? '');
  if (isPayloadProblem(type) || isEncoded(request)) return unsupported();
  switch (mediaType(type)) {
    case 'message/cpim': {
      const cpim = parseCpim(request.body);
      return isPayloadProblem(cpim) ? refusedFor(cpim) : readCpim(request, cpim, identity);
    }
    case 'text/plain':
      return { kind: 'message', message: plainMessage(request, type, identity) };
    default:
      return unsupported();
  }
}

function unsupported(): Reading {
  return { kind: 'refused', status: 415, headers: Headers.of(['Accept', acceptedTypes], ['Accept-Encoding', 'identity']) };
}

function isEncoded({ headers }: SipRequest): boolean {
  return (headers.text('Content-Encoding') ?? 'identity').trim().toLowerCase() !== 'identity';
}

function refusedFor(problem: PayloadProblem): Reading {
  return { kind: 'refused', status: problem.code === 'too-large' || problem.code === 'too-many' ? 413 : 400, reason: problem.text };
}

/** A-7.2.2.3-01: what says that it is a notification is none for the eyes of the user. */
function readCpim(request: SipRequest, cpim: CpimMessage, identity: string): Reading {
  const type = contentTypeOf(cpim);
  const saysSo = contentDispositionOf(cpim)?.disposition === 'notification' || mediaType(type) === 'message/imdn+xml';
  const imdns: ImdnReading = saysSo || type.type === 'multipart' ? parseImdns(type, cpim.content) : { imdns: [], problems: [] };
  if (!saysSo && imdns.imdns.length === 0) return { kind: 'message', message: cpimMessage(request, cpim, identity) };
  const [problem] = imdns.problems;
  if (imdns.imdns.length === 0 && problem !== undefined) return refusedFor(problem);
  const from = senderOf(request, cpim);
  const dispositions = imdns.imdns.map(({ messageId, notification }) => ({ messageId, from, notification }));
  return { kind: 'notification', from, messageId: imdnMessageId(cpim), dispositions };
}

function cpimMessage(request: SipRequest, cpim: CpimMessage, identity: string): ReceivedMessage {
  const type = contentTypeOf(cpim);
  const written = dateTime(cpim);
  return {
    ...fromRequest(request, { from: senderOf(request, cpim), name: fromAddress(cpim)?.formalName }),
    to: recipientOf(cpim, identity),
    ...defined('subject', subjects(cpim)[0]?.text),
    ...contentOf(type, cpim.content, contentDispositionOf(cpim)?.disposition),
    ...defined('messageId', imdnMessageId(cpim)),
    requestedNotifications: dispositionNotifications(cpim),
    ...defined('sentAt', written === undefined ? undefined : parseRfc3339(written)),
    ...defined('dateTime', written),
  };
}

function plainMessage(request: SipRequest, type: ContentType, identity: string): ReceivedMessage {
  const disposition = parseContentDisposition(request.headers.text('Content-Disposition') ?? '')?.disposition;
  return {
    ...fromRequest(request, { from: senderOf(request, undefined), name: undefined }),
    to: identity,
    ...contentOf(type, request.body, disposition),
    requestedNotifications: new Set(),
  };
}

/** What the SIP headers tell. */
function fromRequest({ headers }: SipRequest, sender: { readonly from: string; readonly name: string | undefined }) {
  const shown = headers.value(pAssertedIdentityHeader)?.displayName ?? headers.value(fromHeader)?.displayName ?? sender.name;
  const anonymous = isAnonymousUri(sender.from) || (headers.value(privacyHeader)?.includes('id') ?? false);
  return {
    from: sender.from,
    anonymous,
    ...defined('displayName', anonymous ? undefined : shown),
    ...defined('conversationId', opaque(headers, conversationIdName)),
    ...defined('contributionId', opaque(headers, contributionIdName)),
    ...defined('inReplyToContributionId', opaque(headers, inReplyToContributionIdName)),
    ...defined('messageUid', messageUid(headers)),
    deferred: asksForService(headers, 'deferred'),
    ...defined('replyTo', uriText(headers.value(replyToHeader))),
    ...defined('senderDevice', deviceOf(headers.value(contactHeader))),
  };
}

/** A-7.2.2.3-02: of content that lies elsewhere only the link is taken. */
function contentOf(type: ContentType, octets: Uint8Array, disposition: string | undefined) {
  const external = parseExternalBody(type, octets);
  const shown = isPayloadProblem(external) ? { type, octets, url: undefined } : externalContent(external);
  const content: ReceivedContent = {
    contentType: formatContentType(shown.type),
    octets: shown.octets,
    ...defined('disposition', disposition),
    ...defined('externalUrl', shown.url),
  };
  return { content, ...defined('text', shown.url === undefined ? readText(type, octets) : undefined) };
}

function externalContent(external: Exclude<ReturnType<typeof parseExternalBody>, PayloadProblem>) {
  return { type: external.contentType, octets: external.content, url: external.url };
}

/** The asserted identity, else the CPIM sender, else From. An anonymous CPIM sender tells less than From. */
function senderOf({ headers }: SipRequest, cpim: CpimMessage | undefined): string {
  const asserted = uriText(headers.value(pAssertedIdentityHeader));
  const named = cpim === undefined ? undefined : addressText(fromAddress(cpim)?.uri);
  const from = uriText(headers.value(fromHeader));
  if (asserted !== undefined) return asserted;
  return named === undefined || isAnonymousUri(named) ? (from ?? named ?? anonymousUri) : named;
}

/** An address that can be written to. */
function addressText(text: string | undefined): string | undefined {
  const uri = text === undefined ? undefined : parseUri(textToOctets(text));
  return uri === undefined || uri instanceof Malformed ? undefined : formatUri(uri);
}

function recipientOf(cpim: CpimMessage, identity: string): string {
  const [to] = toAddresses(cpim);
  return to === undefined || isAnonymousUri(to.uri) ? identity : to.uri;
}

function uriText(address: NameAddr | undefined): string | undefined {
  return address === undefined ? undefined : formatUri(address.uri);
}

function deviceOf(contact: Contact | '*' | undefined): string | undefined {
  const instance = contact === undefined || contact === '*' ? undefined : contact.parameters.get(instanceFeatureTag);
  return typeof instance === 'string' ? instance : undefined;
}

function opaque(headers: Headers, name: string): string | undefined {
  const text = headers.text(name)?.trim();
  return text === '' ? undefined : text;
}

/** A record with that field, or without any: an absent value is no field at all. */
function defined<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  // An object literal with a computed name loses the name in its type.
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: Value };
}
