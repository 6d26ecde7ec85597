import { uriParameter, user } from '../message/character-classes.ts';
import { escapeOctets, unescapeOctets } from './escaping.ts';
import { canonicalHost } from './host.ts';
import { telephoneDigits } from './telephone-number.ts';
import type { OtherUri, SipUri, TelUri, Uri } from './uri.ts';

/** Whether two URIs are equivalent (RFC 3261 §19.1.4, RFC 3966 §4). Not transitive for SIP URIs, as the RFC says. */
export function sameUri(one: Uri, other: Uri): boolean {
  if (one.kind === 'sip') return other.kind === 'sip' && sameSipUri(one, other);
  if (one.kind === 'tel') return other.kind === 'tel' && sameTelUri(one, other);
  return other.kind === 'other' && sameOtherUri(one, other);
}

function sameSipUri(one: SipUri, other: SipUri): boolean {
  return (
    one.secure === other.secure &&
    normal(one.user) === normal(other.user) &&
    normal(one.password) === normal(other.password) &&
    canonicalHost(one.host) === canonicalHost(other.host) &&
    one.port === other.port &&
    sameSipParameters(one, other) &&
    sameHeaders(one.headers, other.headers)
  );
}

/** Parameters that match no URI without them, even with their default value. */
const significantParameters = ['user', 'ttl', 'method', 'maddr', 'transport'];

function sameSipParameters(one: SipUri, other: SipUri): boolean {
  if (significantParameters.some((name) => one.parameters.has(name) !== other.parameters.has(name))) return false;
  return one.parameters.entries.every(({ name }) => {
    const value = other.parameters.get(unescapeOctets(name));
    return value === undefined || lowerCase(value) === lowerCase(one.parameters.get(unescapeOctets(name)) ?? true);
  });
}

/** Header components count all of them, in any order. */
function sameHeaders(one: string, other: string): boolean {
  return one === other || headerComponents(one).join('&') === headerComponents(other).join('&');
}

function headerComponents(headers: string): readonly string[] {
  const components = headers.split('&').map((component) => {
    const equals = component.indexOf('=');
    const name = component.slice(0, equals < 0 ? component.length : equals);
    return `${normal(name)?.toLowerCase()}=${equals < 0 ? '' : normal(component.slice(equals + 1))}`;
  });
  return components.sort();
}

/**
 * A text with every escape undone that stands for an unreserved character and the others in upper case: two texts
 * are the same when these are (RFC 3261 §19.1.4: reserved characters differ from their escapes).
 */
function normal(text: string | undefined): string | undefined {
  if (text === undefined || !text.includes('%')) return text;
  return text
    .split('%')
    .map((part, index) => (index === 0 ? part : normalEscape(part.slice(0, 2)) + part.slice(2)))
    .join('');
}

const reserved = ';/?:@&=+$,';

function normalEscape(digits: string): string {
  const character = unescapeOctets(`%${digits}`);
  const isReserved = character.length !== 1 || reserved.includes(character);
  return isReserved ? `%${digits.toUpperCase()}` : escapeOctets(character, user | uriParameter);
}

/** Parameters count all of them, in any order and case; phone-context is a number or a host name. */
function sameTelUri(one: TelUri, other: TelUri): boolean {
  if (telephoneDigits(one.number) !== telephoneDigits(other.number)) return false;
  if (one.parameters.entries.length !== other.parameters.entries.length) return false;
  return one.parameters.entries.every(({ name }) => {
    const value = other.parameters.get(name);
    return value !== undefined && telValue(name, value) === telValue(name, one.parameters.get(name) ?? true);
  });
}

function telValue(name: string, value: string | true): string | true {
  const isNumber = ['ext', 'phone-context'].includes(name.toLowerCase()) && value !== true && !isDomain(value);
  return isNumber ? telephoneDigits(value) : lowerCase(value);
}

function isDomain(value: string): boolean {
  const first = value.charAt(0).toLowerCase();
  return first >= 'a' && first <= 'z';
}

function sameOtherUri(one: OtherUri, other: OtherUri): boolean {
  return one.scheme === other.scheme && one.text.slice(one.scheme.length) === other.text.slice(other.scheme.length);
}

function lowerCase(value: string | true): string | true {
  return value === true ? true : value.toLowerCase();
}
