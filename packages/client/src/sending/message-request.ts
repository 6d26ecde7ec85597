import {
  acceptContactHeader,
  contactHeader,
  emptyBody,
  expiresHeader,
  formatUri,
  fromHeader,
  Headers,
  Malformed,
  Parameters,
  parseUri,
  pPreferredIdentityHeader,
  replyToHeader,
  type SipRequest,
  toHeader,
  type Uri,
} from '@opencpm/sip';
import { contactUri } from '../core/addresses.ts';
import type { CoreLink } from '../core/core-link.ts';
import {
  acceptContactForDevice,
  acceptContactForService,
  anonymousUri,
  contributionIdName,
  conversationIdName,
  icsi,
  inReplyToContributionIdName,
  instanceFeatureTag,
} from '../cpm.ts';
import type { Identifiers } from '../identifiers.ts';
import type { OwnIdentity } from '../own-identity.ts';

/** What one MESSAGE to one recipient says beside its body. */
export interface MessageEnvelope {
  readonly to: Uri;
  readonly conversationId: string;
  readonly contributionId: string;
  readonly inReplyToContributionId?: string | undefined;
  readonly replyTo?: Uri | undefined;
  readonly expiresSeconds?: number | undefined;
  readonly anonymous?: boolean | undefined;
  /** +sip.instance of the only device that shall get it (6.1.2). */
  readonly device?: string | undefined;
}

/** The SIP MESSAGE of a Pager Mode CPM Standalone Message, but for CSeq and credentials. */
export function messageRequest(envelope: MessageEnvelope, own: OwnIdentity, link: CoreLink, identifiers: Identifiers): SipRequest {
  const { to, anonymous } = envelope;
  let headers = Headers.of(['Max-Forwards', '70'])
    .append(fromHeader, { ...(anonymous ? anonymousAddress() : plain(own.uri)), tag: identifiers.tag() })
    .append(toHeader, plain(to))
    .append('Call-ID', identifiers.digits32())
    .append('CSeq', '1 MESSAGE');
  headers = headers
    // A-7.2.1.1-02
    .append(acceptContactHeader, acceptContactForService('msg'))
    // A-7.2.1.1-03; the network takes it out again before anybody else reads it (RFC 3325 §9.2).
    .append(pPreferredIdentityHeader, plain(own.uri))
    // A-7.2.1.1-04, D-7.2.1.1-05
    .append('P-Preferred-Service', icsi('msg'));
  if (envelope.device !== undefined) headers = headers.append(acceptContactHeader, acceptContactForDevice(envelope.device));
  headers = withWishes(headers, envelope);
  // 6.1.1: the sending device. An instance would tell who hides.
  if (!anonymous) headers = headers.append(contactHeader, ownContact(own, link));
  return { kind: 'request', method: 'MESSAGE', uri: formatUri(to), headers: withIdentifiers(headers, envelope), body: emptyBody };
}

/** A-7.2.1.1-05, -07 and -08. */
function withWishes(headers: Headers, { replyTo, anonymous, expiresSeconds }: MessageEnvelope): Headers {
  let wished = headers;
  if (replyTo !== undefined) wished = wished.append(replyToHeader, plain(replyTo));
  if (anonymous) wished = wished.append('Privacy', 'id');
  if (expiresSeconds !== undefined) wished = wished.append(expiresHeader, Math.max(0, Math.round(expiresSeconds)));
  return wished;
}

/** A-7.2.1.1-15 to -17. */
function withIdentifiers(headers: Headers, envelope: MessageEnvelope): Headers {
  const pairs = [
    [conversationIdName, envelope.conversationId],
    [contributionIdName, envelope.contributionId],
    [inReplyToContributionIdName, envelope.inReplyToContributionId],
  ] as const;
  return pairs.reduce((named, [name, value]) => (value === undefined ? named : named.append(name, value)), headers);
}

/** Where this client is reached, with the device that it is (RFC 5626 §4.1). */
export function ownContact(own: OwnIdentity, { contactAddress, server }: Pick<CoreLink, 'contactAddress' | 'server'>) {
  const uri = wellFormed(contactUri(own.user, contactAddress, server.transport));
  return { uri, parameters: Parameters.empty.withQuoted(instanceFeatureTag, own.instance) };
}

function plain(uri: Uri) {
  return { uri, parameters: Parameters.empty };
}

function anonymousAddress() {
  return { displayName: 'Anonymous', ...plain(wellFormed(anonymousUri)) };
}

/** For what this client writes itself. */
function wellFormed(text: string): Uri {
  const uri = parseUri(text);
  if (uri instanceof Malformed) throw new Error(`${text}: ${uri.reason}`);
  return uri;
}
