import { formatUri, Malformed, parseUri, type SipUri, type Uri } from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { Directory } from './directory.ts';

/** `<urn:uuid:…>` as `+sip.instance` has it (RFC 5626 §4.1). */
const instanceForm = /^<(urn:[^<>]+)>$/i;
/** What a `gr` parameter must hold to be one of ours. */
const urnForm = /^urn:[^<>]+$/i;

/**
 * The public GRUU of an instance: the address of record with the instance as `gr` (RFC 5627 §5.4). It is the same
 * whenever that device registers, and nothing has to be kept to find the device by it.
 */
export function publicGruu(addressOfRecord: string, instance: string): SipUri | undefined {
  const urn = instanceForm.exec(instance)?.[1];
  const address = parseUri(addressOfRecord);
  if (urn === undefined || address instanceof Malformed || address.kind !== 'sip') return undefined;
  return { ...address, parameters: address.parameters.with('gr', urn) };
}

/** What the `gr` parameter of a URI says: the instance that a public GRUU names, or that no such GRUU was ever given out. */
export function gruuInstance(uri: Uri): string | 'unknown' | undefined {
  const gr = uri.kind === 'sip' ? uri.parameters.get('gr') : undefined;
  if (gr === undefined) return undefined;
  // Without a value it would be a temporary one.
  return typeof gr === 'string' && urnForm.test(gr) ? `<${gr}>` : 'unknown';
}

/** `pub-gruu` of a Contact in a 200 (RFC 5627 §5.3). */
export function publicGruuText(addressOfRecord: string, instance: string): string | undefined {
  const gruu = publicGruu(addressOfRecord, instance);
  return gruu === undefined ? undefined : formatUri(gruu);
}

/** URNs compare without regard to case up to their last part (RFC 8141 §3); a device that writes its own anew is the same one. */
export function sameInstance(one: string | undefined, other: string): boolean {
  return one !== undefined && one.toLowerCase() === other.toLowerCase();
}

/** The address of record as the directory has it, when it is a SIP address, else the user's first one; empty when he has none. */
export function addressOfGruu(addressOfRecord: Uri, user: StoredUser, directory: Directory): string {
  const address = directory.addressOf(addressOfRecord);
  const sipAddresses = user.identities.filter(({ uri }) => isSip(uri));
  return (sipAddresses.find((identity) => identity.address === address) ?? sipAddresses[0])?.uri ?? '';
}

function isSip(text: string): boolean {
  const uri = parseUri(text);
  return !(uri instanceof Malformed) && uri.kind === 'sip' && uri.user !== undefined;
}
