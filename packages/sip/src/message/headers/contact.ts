import { allIn, digit } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { decodeNameAddr, encodeAddress, type NameAddr } from './name-addr.ts';
import { decodeDeltaSeconds } from './number-header.ts';

/** One Contact. `parameters` are those other than q and expires. */
export interface Contact extends NameAddr {
  /** Preference, 0 to 1 with at most three decimals. */
  readonly q?: number | undefined;
  readonly expiresSeconds?: number | undefined;
}

/** Contact (RFC 3261 §20.10); `*` stands for every binding of a registration. */
export const contactHeader: HeaderField<Contact | '*'> = defineHeader({ name: 'Contact', compact: 'm', list: true, decode, encode });

/** RFC 3261 §20.10: what a malformed expires counts as. */
const secondsForMalformedExpires = 3600;

function decode(text: string): Contact | '*' | Malformed {
  if (text === '*') return '*';
  const address = decodeNameAddr(text);
  if (address instanceof Malformed) return address;
  const q = decodeQ(address.parameters.get('q'));
  if (q instanceof Malformed) return q;
  const expires = address.parameters.get('expires');
  return {
    ...address,
    parameters: address.parameters.without('q', 'expires'),
    q,
    expiresSeconds: expires === undefined ? undefined : (decodeDeltaSeconds(String(expires)) ?? secondsForMalformedExpires),
  };
}

/** qvalue: `0` or `1` with up to three decimals. */
export function decodeQ(text: string | true | undefined): number | undefined | Malformed {
  if (text === undefined) return undefined;
  const isNumber = text !== true && text.length <= 5 && (text[1] ?? '.') === '.' && allIn(text.replace('.', ''), digit);
  const q = isNumber && text.charAt(0) !== '.' ? Number(text) : Number.NaN;
  return q <= 1 ? q : new Malformed('a malformed q');
}

function encode(contact: Contact | '*'): string {
  if (contact === '*') return '*';
  const q = contact.q === undefined ? '' : `;q=${Number(contact.q.toFixed(3))}`;
  const expires = contact.expiresSeconds === undefined ? '' : `;expires=${contact.expiresSeconds}`;
  return `${encodeAddress(contact)}${contact.parameters}${q}${expires}`;
}
