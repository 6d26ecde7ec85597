import { decodeCpimText, quoteCpimText } from './cpim-escape.ts';
import { trimBlanks } from './octets.ts';

/** The value of From, To, cc (RFC 3862 §4.1 to §4.3), imdn.Original-To and imdn.IMDN-Record-Route (RFC 5438 §6). */
export interface CpimAddress {
  readonly formalName?: string;
  /** What stands between the angle brackets, undecoded; the caller parses it as the scheme wants it. */
  readonly uri: string;
}

/** Undefined when there is no URI in it. A URI without angle brackets is taken too. */
export function parseCpimAddress(value: string): CpimAddress | undefined {
  const nameEnd = value.startsWith('"') ? closingQuote(value) : 0;
  const open = value.indexOf('<', nameEnd);
  if (open === -1) return bareUri(value);
  const close = value.indexOf('>', open);
  const uri = close === -1 ? '' : trimBlanks(value.slice(open + 1, close));
  if (uri === '') return undefined;
  const formalName = readFormalName(trimBlanks(value.slice(0, open)));
  return formalName === '' ? { uri } : { formalName, uri };
}

function bareUri(value: string): CpimAddress | undefined {
  return value.includes(':') && !/[\s">]/.test(value) ? { uri: value } : undefined;
}

/** Where the quoted string that begins the value ends, its closing quote included; 0 when it is never closed. */
function closingQuote(value: string): number {
  for (let at = 1; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === '"') return at + 1;
  }
  return 0;
}

function readFormalName(text: string): string {
  const quoted = text.length > 1 && text.startsWith('"') && closingQuote(text) === text.length;
  return decodeCpimText(quoted ? text.slice(1, -1) : text);
}

/** Words of TOKENCHAR with single spaces between them, which may stand without quotes. */
const plainName = /^[!#-'*+\-.0-9A-Z^-z|~\u0080-\uffff]+(?: [!#-'*+\-.0-9A-Z^-z|~\u0080-\uffff]+)*$/;

/** What may not stand between angle brackets: blanks, control characters and the brackets themselves. */
const notInUri = /[^!-;=?-~\u0080-\uffff]/g;

/** A quoted name has no space behind it, as the grammar of RFC 3862 §4.1 wants it. */
export function formatCpimAddress(address: CpimAddress): string {
  const uri = `<${address.uri.replace(notInUri, encodeURIComponent)}>`;
  if (address.formalName === undefined || address.formalName === '') return uri;
  return plainName.test(address.formalName) ? `${address.formalName} ${uri}` : quoteCpimText(address.formalName) + uri;
}
