/** The sums of RFC 7616 §3.4, for both sides. Texts that come from headers are octet strings. */
import { textToOctets } from '../message/octets.ts';
import type { Hashes } from '../platform.ts';

/** The algorithms that are offered and answered, by their names on the wire (RFC 7616 §6.1, RFC 8760 §2.1). */
export type DigestAlgorithm = 'SHA-256' | 'MD5';

/** Strongest first. */
export const digestAlgorithms: readonly DigestAlgorithm[] = ['SHA-256', 'MD5'];

/** H(A1) in lower-case hexadecimal (RFC 7616 §3.4.2): what a server may keep instead of a password. Takes Unicode. */
export function ha1Hex(
  hashes: Hashes,
  algorithm: DigestAlgorithm,
  ...a1: readonly [username: string, realm: string, password: string]
): string {
  return hash(hashes, algorithm, textToOctets(a1.join(':')));
}

export interface DigestSum {
  readonly algorithm: DigestAlgorithm;
  /** From ha1Hex. */
  readonly ha1: string;
  readonly method: string;
  /** The digest-uri, which the request carries in its credentials. */
  readonly uri: string;
  readonly nonce: string;
  /** Left out: the form of RFC 2069. */
  readonly protection?: Protection | undefined;
}

export interface Protection {
  readonly qop: 'auth' | 'auth-int';
  /** Eight hexadecimal digits. */
  readonly nc: string;
  readonly cnonce: string;
  /** Counts for auth-int only. */
  readonly body: Uint8Array;
}

/** The request-digest (RFC 7616 §3.4.1). */
export function digestResponse(hashes: Hashes, sum: DigestSum): string {
  const { algorithm, ha1, nonce, protection } = sum;
  const request = `${sum.method}:${sum.uri}`;
  if (protection === undefined) return hash(hashes, algorithm, `${ha1}:${nonce}:${hash(hashes, algorithm, request)}`);
  const { qop, nc, cnonce, body } = protection;
  const ha2 = hash(hashes, algorithm, qop === 'auth' ? request : `${request}:${hashes.hex(hashName(algorithm), body)}`);
  return hash(hashes, algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`);
}

function hash(hashes: Hashes, algorithm: DigestAlgorithm, text: string): string {
  return hashes.hex(hashName(algorithm), octetsOf(text));
}

function hashName(algorithm: DigestAlgorithm): 'md5' | 'sha-256' {
  return algorithm === 'MD5' ? 'md5' : 'sha-256';
}

/** The octets of an octet string. */
export function octetsOf(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) octets[index] = text.charCodeAt(index);
  return octets;
}
