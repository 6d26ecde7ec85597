/** What CPM itself defines, as this client needs it: service identifiers, SIP headers, release tokens. */
import { type AcceptContact, acceptContactHeader, type Headers, Parameters } from '@opencpm/sip';

/** Suffixes of the CPM service identifiers (ICSI) that a client can register. */
export type CpmService = 'msg' | 'largemsg' | 'deferred' | 'session' | 'session.group' | 'filetransfer' | 'systemmsg';

const urnPrefix = 'urn:urn-7:';
const icsiPrefix = '3gpp-service.ims.icsi.oma.cpm.';

/** The media feature tags that stand in Contact and Accept-Contact. */
export const icsiFeatureTag = '+g.3gpp.icsi-ref';
export const instanceFeatureTag = '+sip.instance';

/** The identifier as P-Preferred-Service carries it. */
export function icsi(service: CpmService): string {
  return `${urnPrefix}${icsiPrefix}${service}`;
}

/** One value for a feature tag, percent-encoded (3GPP TS 24.229 §7.2A.8.2); several services stand in one value. */
export function icsiFeatureValue(services: readonly CpmService[]): string {
  return services.map((service) => icsi(service).replaceAll(':', '%3A')).join(',');
}

/** Asks for clients of that service (A-7.2.1.1-02). */
export function acceptContactForService(service: CpmService): AcceptContact {
  const parameters = Parameters.of([icsiFeatureTag, icsiFeatureValue([service])]);
  return { parameters, require: false, explicit: false };
}

/** Asks for one device and no other (6.1.2). */
export function acceptContactForDevice(instance: string): AcceptContact {
  return { parameters: Parameters.of([instanceFeatureTag, instance]), require: true, explicit: true };
}

/** True when Accept-Contact names that service, in whatever spelling (decision 9). */
export function asksForService(headers: Headers, service: CpmService): boolean {
  const wanted = `${icsiPrefix}${service}`;
  const preferences = headers.all(acceptContactHeader);
  if (preferences.kind !== 'value') return false;
  return preferences.value.some(({ parameters }) => {
    const value = parameters.get(icsiFeatureTag);
    return typeof value === 'string' && value.split(',').some((part) => plainIdentifier(part) === wanted);
  });
}

function plainIdentifier(part: string): string {
  const text = part.trim().toLowerCase().replaceAll('%3a', ':');
  return text.startsWith(urnPrefix) ? text.slice(urnPrefix.length) : text;
}

/** SIP headers of Appendix C; their values are opaque. */
export const conversationIdName = 'Conversation-ID';
export const contributionIdName = 'Contribution-ID';
export const inReplyToContributionIdName = 'InReplyTo-Contribution-ID';
const messageUidName = 'Message-UID';

/** What an answer repeats of its request (A-7.2.2.1-05). */
export const identityHeaderNames = [conversationIdName, contributionIdName, inReplyToContributionIdName] as const;

/** IMAP's nz-number (RFC 9051 §9). */
const highestUid = 2 ** 32 - 1;

/** The UID in the user's store (A-7.2.1.1-21, A-7.2.2.1-08); parameters behind it are passed over. */
export function messageUid(headers: Headers): number | undefined {
  const [digits = ''] = (headers.text(messageUidName) ?? '').split(';');
  const uid = /^[1-9]\d{0,9}$/.test(digits.trim()) ? Number(digits) : Number.NaN;
  return uid <= highestUid ? uid : undefined;
}

/** The release token of Appendix D, with that of the product behind it. */
export function clientRelease(product: string | undefined): string {
  const token = 'CPM-client/OMA2.1';
  return product === undefined ? token : `${token} ${product}`;
}

/** Stands for a sender who hides (RFC 3323 §4.1.1.3), and for both ends of a notification. */
export const anonymousUri = 'sip:anonymous@anonymous.invalid';

export function isAnonymousUri(uri: string): boolean {
  return /@anonymous\.invalid(?:[:;>?]|$)/i.test(uri);
}

/** The largest CPIM body that goes in pager mode, in octets (A-7.2.1.1-01, decision 41). */
export const pagerModeLimitOctets = 1300;
