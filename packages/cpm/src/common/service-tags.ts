import { readOnce } from '@opencpm/payloads';
import { acceptContactHeader, Headers, type Parameters } from '@opencpm/sip';

/**
 * CPM service identifiers (ICSI, wire facts 1.1). On the wire they stand plain in P-Asserted-Service and
 * percent-encoded and quoted in the `g.3gpp.icsi-ref` media feature tag (3GPP TS 24.229 §7.2A.8.2).
 */
export type CpmService =
  | 'msg'
  | 'msg.group'
  | 'largemsg'
  | 'largemsg.group'
  | 'session'
  | 'session.group'
  | 'filetransfer'
  | 'deferred'
  | 'systemmsg';

const urnPrefix = 'urn:urn-7:';
const encodedUrnPrefix = 'urn%3Aurn-7%3A';
const icsiPrefix = '3gpp-service.ims.icsi.oma.cpm.';

export const icsiFeatureTag = '+g.3gpp.icsi-ref';

export function icsi(service: CpmService): string {
  return `${urnPrefix}${icsiPrefix}${service}`;
}

/** The text of an Accept-Contact value that asks for clients of that service (A-7.2.1.1-02). */
export function acceptContactFor(service: CpmService): string {
  return `*;${icsiFeatureTag}="${encodeIcsi(service)}"`;
}

export function encodeIcsi(service: CpmService): string {
  return `${encodedUrnPrefix}${icsiPrefix}${service}`;
}

/** The CPM services that a feature tag value names: several, encoded or not, with or without the URN prefix, any case (decision 9). */
export const servicesInFeatureValue: (value: string) => readonly string[] = readOnce((value) =>
  value.split(',').flatMap((part) => serviceOf(part.trim()) ?? []),
);

/** `msg` for `urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg` in any accepted spelling; undefined for what is not CPM's. */
export function serviceOf(identifier: string): string | undefined {
  return serviceNamedBy(identifier).service;
}

const serviceNamedBy = readOnce((identifier): { readonly service?: string } => {
  let text = identifier.toLowerCase().replaceAll('%3a', ':');
  if (text.startsWith(urnPrefix)) text = text.slice(urnPrefix.length);
  return text.startsWith(icsiPrefix) ? { service: text.slice(icsiPrefix.length) } : {};
});

/** The CPM services that the Accept-Contact headers of a request ask for. */
export function requestedServices(headers: Headers): ReadonlySet<string> {
  return servicesAskedFor(acceptContactOf(headers));
}

const servicesAskedFor = readOnce((text): ReadonlySet<string> => new Set(featuresAskedFor(text).flatMap(servicesOfFeatures)));

/** `+sip.instance` of the one device that the request asks for (6.1.2), with its angle brackets. */
export function requestedInstance(headers: Headers): string | undefined {
  for (const features of featuresAskedFor(acceptContactOf(headers))) {
    const instance = features.get('+sip.instance');
    if (typeof instance === 'string') return instance;
  }
  return undefined;
}

/** Feature by feature, because some clients fold the instance into the value with the service (wire facts 5.2). */
const featuresAskedFor = readOnce((text): readonly Parameters[] => {
  const preferences = Headers.of([acceptContactHeader.name, text]).all(acceptContactHeader);
  return preferences.kind === 'value' ? preferences.value.map((preference) => preference.parameters) : [];
});

/** Lines of one name are one list (RFC 3261 §7.3.1). */
function acceptContactOf(headers: Headers): string {
  return headers.texts(acceptContactHeader.name).join(', ');
}

/** The CPM services that a set of feature tags (of a Contact or an Accept-Contact) names. */
export function servicesOfFeatures(features: Parameters): readonly string[] {
  // Some clients forget the plus sign.
  const value = features.get(icsiFeatureTag) ?? features.get('g.3gpp.icsi-ref');
  return typeof value === 'string' ? servicesInFeatureValue(value) : [];
}
