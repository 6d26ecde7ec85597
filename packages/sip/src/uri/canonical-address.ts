import { user as userCharacter } from '../message/character-classes.ts';
import { escapeOctets, unescapeOctets } from './escaping.ts';
import { canonicalHost, formatHost } from './host.ts';
import { isGlobalNumber, telephoneDigits } from './telephone-number.ts';
import type { SipUri, TelUri, Uri } from './uri.ts';

/**
 * The key under which an identity is found: `tel:+15550001` for a global number, as tel URI or as SIP URI with
 * user=phone; `sip:user@host` for every other SIP or SIPS URI, without password, port, parameters and headers, the host
 * in lower case and the user with only those escapes that it needs. The key is a URI itself. Undefined for what is no
 * address of a user here.
 */
export function canonicalAddress(uri: Uri): string | undefined {
  if (uri !== last.uri) last = { uri, address: addressOf(uri) };
  return last.address;
}

/** A request's URI is asked for by several functions in turn; URIs are immutable. */
let last: { readonly uri: Uri | undefined; readonly address: string | undefined } = { uri: undefined, address: undefined };

function addressOf(uri: Uri): string | undefined {
  switch (uri.kind) {
    case 'sip':
      return canonicalSipAddress(uri);
    case 'tel':
      return canonicalTelAddress(uri);
    case 'other':
      return undefined;
  }
}

function canonicalSipAddress(uri: SipUri): string {
  const host = formatHost(canonicalHost(uri.host));
  if (uri.user === undefined) return `sip:${host}`;
  const user = unescapeOctets(uri.user);
  const number = user.split(';')[0] ?? '';
  if (isPhone(uri) && isGlobalNumber(number)) return `tel:${telephoneDigits(number)}`;
  return `sip:${escapeOctets(user, userCharacter)}@${host}`;
}

function isPhone(uri: SipUri): boolean {
  const value = uri.parameters.get('user');
  return typeof value === 'string' && value.toLowerCase() === 'phone';
}

/** A local number means something within its phone-context only. */
function canonicalTelAddress(uri: TelUri): string {
  const digits = telephoneDigits(uri.number);
  const context = uri.parameters.get('phone-context');
  if (isGlobalNumber(uri.number) || typeof context !== 'string') return `tel:${digits}`;
  return `tel:${digits};phone-context=${context.startsWith('+') ? telephoneDigits(context) : context.toLowerCase()}`;
}
