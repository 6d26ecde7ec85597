import { fromHeader, type NameAddr, Parameters, pAssertedIdentityHeader, pPreferredIdentityHeader, type SipRequest } from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { Directory } from './directory.ts';

/** Whom the request says it is from: P-Preferred-Identity, else From (architecture: users, identities). */
export function claimedIdentities(request: SipRequest): readonly NameAddr[] {
  const preferred = request.headers.all(pPreferredIdentityHeader);
  const from = request.headers.value(fromHeader);
  return [...(preferred.kind === 'value' ? preferred.value : []), ...(from === undefined ? [] : [from])];
}

/**
 * The identity that the core asserts for an authenticated user (RFC 3325 §5): P-Preferred-Identity if it is his, else
 * From if it is his, else none, which is 403. A sender who hides has an anonymous From and is known by his first identity.
 */
export function assertedIdentity(request: SipRequest, user: StoredUser, directory: Directory): string | undefined {
  for (const claimed of claimedIdentities(request)) {
    if (directory.byUri(claimed.uri)?.owner === user.owner) return identityText(claimed, user, directory);
    if (isAnonymous(claimed)) return firstIdentity(user);
  }
  return undefined;
}

/** As the directory has it, so that parameters and spelling of the sender do not travel as ours. */
function identityText(claimed: NameAddr, user: StoredUser, directory: Directory): string {
  for (const identity of user.identities) {
    if (directory.addressOf(claimed.uri) === identity.address) return `<${identity.uri}>`;
  }
  return firstIdentity(user);
}

function firstIdentity(user: StoredUser): string {
  return `<${user.identities[0]?.uri ?? ''}>`;
}

function isAnonymous(claimed: NameAddr): boolean {
  return claimed.uri.kind === 'sip' && claimed.uri.host.toLowerCase() === 'anonymous.invalid';
}

/**
 * What an untrusted peer may not say (3GPP TS 24.229 §4.4): every P- header but the ones that are his wishes. The
 * asserted identity comes in their place.
 */
export function withAssertedIdentity(request: SipRequest, identity: string): SipRequest {
  const headers = request.headers.filter((header) => !header.key.startsWith('p-') || wishes.has(header.key));
  return { ...request, headers: headers.without('P-Preferred-Identity').append('P-Asserted-Identity', identity) };
}

const wishes: ReadonlySet<string> = new Set(['p-preferred-identity', 'p-preferred-service']);

/** A trusted peer's assertion, else his From, is believed. Undefined when he gives neither. */
export function believedIdentity(request: SipRequest): SipRequest | undefined {
  if (request.headers.value(pAssertedIdentityHeader) !== undefined) return request;
  const from = request.headers.value(fromHeader);
  if (from === undefined) return undefined;
  const believed: NameAddr = { uri: from.uri, parameters: Parameters.empty };
  return { ...request, headers: request.headers.without('P-Asserted-Identity').append(pAssertedIdentityHeader, believed) };
}
