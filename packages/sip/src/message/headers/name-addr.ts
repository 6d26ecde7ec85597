import { formatUri, parseUri, type Uri } from '../../uri/uri.ts';
import { isIn, token } from '../character-classes.ts';
import { Malformed } from '../malformed.ts';
import { octetsToText, textToOctets, trimBlanks, unfold } from '../octets.ts';
import type { Parameters } from '../parameters.ts';
import { quote } from '../quoting.ts';
import { Reader } from '../reader.ts';

/** A name-addr or addr-spec with the parameters of its header (RFC 3261 §20.10). */
export interface NameAddr {
  /** Unicode, without quotes. */
  readonly displayName?: string | undefined;
  readonly uri: Uri;
  readonly parameters: Parameters;
}

/** Reads `"Name" <uri>;parameters`, `Name <uri>` or `uri;parameters`. */
export function decodeNameAddr(text: string): NameAddr | Malformed {
  const reader = new Reader(text);
  return text.includes('<') ? decodeBracketed(reader) : decodeAddrSpec(reader);
}

/** As decodeNameAddr, for headers that allow no addr-spec (Route, Record-Route, Path). */
export function decodeBracketedNameAddr(text: string): NameAddr | Malformed {
  return text.includes('<') ? decodeBracketed(new Reader(text)) : new Malformed('an address without angle brackets');
}

/** Always with angle brackets, so that parameters of URI and header cannot be mixed up. */
export function encodeNameAddr(address: NameAddr): string {
  return `${encodeAddress(address)}${address.parameters}`;
}

/** As encodeNameAddr, without the parameters. */
export function encodeAddress(address: Pick<NameAddr, 'displayName' | 'uri'>): string {
  const uri = `<${formatUri(address.uri)}>`;
  return address.displayName === undefined ? uri : `${quote(textToOctets(address.displayName))} ${uri}`;
}

function decodeBracketed(reader: Reader): NameAddr | Malformed {
  const displayName = readDisplayName(reader);
  if (displayName instanceof Malformed) return displayName;
  const start = reader.position + 1;
  const end = reader.text.indexOf('>', start);
  if (!reader.take('<') || end < 0) return new Malformed('a malformed address');
  const uri = parseUri(reader.text.slice(start, end));
  if (uri instanceof Malformed) return uri;
  reader.position = end + 1;
  const parameters = reader.parameters();
  if (parameters instanceof Malformed) return parameters;
  return { displayName: displayName === '' ? undefined : octetsToText(displayName), uri, parameters };
}

/** The name before the bracket as an octet string; empty when there is none. */
function readDisplayName(reader: Reader): string | Malformed {
  reader.skip();
  const quoted = reader.quotedString();
  if (quoted !== undefined) {
    reader.skip();
    return quoted;
  }
  const start = reader.position;
  const end = reader.text.indexOf('<', start);
  reader.position = end;
  const name = trimBlanks(reader.text.slice(start, end));
  return isUnquotedName(name) ? unfold(name) : new Malformed('a display name that needs quotes');
}

/** Tokens with blanks between them; octets above ASCII too, since names are often sent without quotes. */
function isUnquotedName(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    if (code < 0x80 && !isIn(code, token) && !' \t\r\n'.includes(name.charAt(index))) return false;
  }
  return true;
}

/** RFC 3261 §20: without brackets everything behind the first semicolon belongs to the header, and no `?` may stand in it. */
function decodeAddrSpec(reader: Reader): NameAddr | Malformed {
  reader.skip();
  const semicolon = reader.text.indexOf(';', reader.position);
  const end = semicolon < 0 ? reader.text.length : semicolon;
  const spec = reader.text.slice(reader.position, end).trim();
  if (spec.includes('?') || spec.includes(',')) return new Malformed('a URI that needs angle brackets');
  const uri = parseUri(spec);
  if (uri instanceof Malformed) return uri;
  reader.position = end;
  const parameters = reader.parameters();
  return parameters instanceof Malformed ? parameters : { displayName: undefined, uri, parameters };
}
