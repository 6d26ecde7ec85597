import {
  canonicalAddress,
  formatUri,
  fromHeader,
  type Headers,
  type NameAddr,
  pAssertedIdentityHeader,
  privacyHeader,
  type SipRequest,
} from '@opencpm/sip';

/** The URI that stands for a sender who hides, in SIP and in CPIM (wire facts 5.1). */
export const anonymousUri = 'sip:anonymous@anonymous.invalid';
export const anonymousNameAddr = `"Anonymous" <${anonymousUri}>`;

/**
 * The authenticated originator's CPM address (6.1) as a canonical address: from P-Asserted-Identity, which the core
 * has put in or believed. Undefined when nobody is asserted.
 */
export function authenticatedOriginator(headers: Headers): string | undefined {
  return assertedAddresses(headers)[0];
}

/** All that is asserted of the one who sent this: a sip and a tel address are the same person (RFC 3325 §9.1). */
export function assertedAddresses(headers: Headers): readonly string[] {
  return assertedIdentities(headers).flatMap(({ uri }) => canonicalAddress(uri) ?? []);
}

export function assertedIdentities(headers: Headers): readonly NameAddr[] {
  const asserted = headers.all(pAssertedIdentityHeader);
  return asserted.kind === 'value' ? asserted.value : [];
}

/** True when the sender asked for his identity to be withheld (RFC 3325 §9.3). */
export function anonymityRequested(headers: Headers): boolean {
  const privacy = headers.value(privacyHeader);
  return privacy?.some((token) => token.toLowerCase() === 'id') ?? false;
}

/** The URI that a message claims to come from; for showing, never for deciding. */
export function claimedAddress(request: SipRequest): string {
  const from = request.headers.value(fromHeader);
  return from === undefined ? anonymousUri : formatUri(from.uri);
}
