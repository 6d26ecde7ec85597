import { allIn, blank, digit, hexadecimal, isIn, uriParameter, user as userCharacter } from '../message/character-classes.ts';
import { Malformed } from '../message/malformed.ts';
import { completeEscapes, isEscapedText, unescapeOctets } from './escaping.ts';
import { formatHostAndPort, parseHostAndPort } from './host.ts';
import { UriParameters } from './uri-parameters.ts';

export type Uri = SipUri | TelUri | OtherUri;

/** A sip or sips URI (RFC 3261 §19.1.1). Texts are octet strings as written, escapes kept. */
export interface SipUri {
  readonly kind: 'sip';
  /** True for sips. */
  readonly secure: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** As written; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly parameters: UriParameters;
  /** What stands behind the question mark; empty when there is none. */
  readonly headers: string;
}

/** A tel URI (RFC 3966 §3). */
export interface TelUri {
  readonly kind: 'tel';
  /** As written, visual separators kept, without parameters. */
  readonly number: string;
  readonly parameters: UriParameters;
}

/** A URI of a scheme that this library does not look into. */
export interface OtherUri {
  readonly kind: 'other';
  /** In lower case. */
  readonly scheme: string;
  /** The whole URI as written. */
  readonly text: string;
}

/** Reads a URI from an octet string that holds nothing else. */
export function parseUri(text: string): Uri | Malformed {
  if (text.startsWith('sip:')) return parseSipUri(text, 4, false);
  const colon = text.indexOf(':');
  if (colon <= 0) return new Malformed('a URI without a scheme');
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(text, colon + 1, scheme === 'sips');
  if (scheme === 'tel') return parseTelUri(text.slice(colon + 1));
  return parseOtherUri(text, scheme);
}

/** Writes a URI as an octet string. What stands in it unescaped and must not is escaped. */
export function formatUri(uri: Uri): string {
  switch (uri.kind) {
    case 'sip':
      return formatSipUri(uri);
    case 'tel':
      return `tel:${uri.number}${uri.parameters}`;
    case 'other':
      return uri.text;
  }
}

/** The part that names somebody: the unescaped user of a sip URI, the number of a tel URI. */
export function userPart(uri: Uri): string | undefined {
  switch (uri.kind) {
    case 'sip':
      return uri.user === undefined ? undefined : unescapeOctets(uri.user);
    case 'tel':
      return uri.number;
    case 'other':
      return undefined;
  }
}

function parseSipUri(text: string, start: number, secure: boolean): SipUri | Malformed {
  const at = text.indexOf('@', start);
  const hostStart = at < 0 ? start : at + 1;
  const question = text.indexOf('?', hostStart);
  const headersStart = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', hostStart);
  const hostEnd = semicolon < 0 || semicolon > headersStart ? headersStart : semicolon;

  const address = parseHostAndPort(text.slice(hostStart, hostEnd));
  if (address === undefined) return new Malformed('a SIP URI with a malformed host or port');
  const parameters = hostEnd < headersStart ? UriParameters.parse(text.slice(hostEnd + 1, headersStart)) : UriParameters.empty;
  if (parameters instanceof Malformed) return parameters;
  const headers = text.slice(headersStart + 1);
  if (!isHeaders(headers) || (headers === '' && headersStart < text.length)) return new Malformed('a SIP URI with malformed headers');
  const userInfo = at < 0 ? noUserInfo : parseUserInfo(text.slice(start, at));
  if (userInfo instanceof Malformed) return userInfo;
  const { user, password } = userInfo;
  return { kind: 'sip', secure, user, password, host: address.host, port: address.port, parameters, headers };
}

interface UserInfo {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

const noUserInfo: UserInfo = { user: undefined, password: undefined };

function parseUserInfo(text: string): UserInfo | Malformed {
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const password = colon < 0 ? undefined : text.slice(colon + 1);
  if (user === '' || !isUserText(user)) return new Malformed('a SIP URI with a malformed user');
  if (password !== undefined && !isUserText(password)) return new Malformed('a SIP URI with a malformed password');
  return { user, password };
}

function isUserText(text: string): boolean {
  return allIn(text, userCharacter) || isEscapedText(text, userCharacter);
}

function isHeaders(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (!isIn(text.charCodeAt(index), uriParameter) && !'%=?'.includes(character)) return false;
  }
  return true;
}

function parseTelUri(text: string): TelUri | Malformed {
  const semicolon = text.indexOf(';');
  const number = semicolon < 0 ? text : text.slice(0, semicolon);
  if (!isTelephoneNumber(number)) return new Malformed('a tel URI with a malformed number');
  const parameters = semicolon < 0 ? UriParameters.empty : UriParameters.parse(text.slice(semicolon + 1));
  return parameters instanceof Malformed ? parameters : { kind: 'tel', number, parameters };
}

/** A global or local number; a local one may lack the phone-context that RFC 3966 §5.1.5 asks for, as many do. */
function isTelephoneNumber(text: string): boolean {
  const local = text.startsWith('+') ? '' : '*#';
  const digitClass = text.startsWith('+') ? digit : hexadecimal;
  let digits = 0;
  for (const character of text.startsWith('+') ? text.slice(1) : text) {
    const isDigit = isIn(character.charCodeAt(0), digitClass) || local.includes(character);
    if (isDigit) digits += 1;
    else if (!'-.()'.includes(character)) return false;
  }
  return digits > 0;
}

function parseOtherUri(text: string, scheme: string): OtherUri | Malformed {
  const isScheme =
    scheme.charAt(0) >= 'a' &&
    scheme.charAt(0) <= 'z' &&
    [...scheme].every((character) => 'abcdefghijklmnopqrstuvwxyz0123456789+-.'.includes(character));
  if (!isScheme || scheme.length + 1 === text.length) return new Malformed('a URI with a malformed scheme');
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f || isIn(code, blank) || '<>"'.includes(text.charAt(index)))
      return new Malformed('a URI with characters that no URI has');
  }
  return { kind: 'other', scheme, text };
}

function formatSipUri(uri: SipUri): string {
  const scheme = uri.secure ? 'sips:' : 'sip:';
  const password = uri.password === undefined ? '' : `:${completeEscapes(uri.password, userCharacter)}`;
  const userInfo = uri.user === undefined ? '' : `${completeEscapes(uri.user, userCharacter)}${password}@`;
  const headers = uri.headers === '' ? '' : `?${uri.headers}`;
  return `${scheme}${userInfo}${formatHostAndPort(uri.host, uri.port)}${uri.parameters}${headers}`;
}
