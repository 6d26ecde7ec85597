import type { Challenge, DigestChallenge } from '../message/headers/digest-challenge.ts';
import type { DigestCredentials } from '../message/headers/digest-credentials.ts';
import { octetsToText, textToOctets } from '../message/octets.ts';
import { Parameters } from '../message/parameters.ts';
import type { Hashes } from '../platform.ts';
import { type DigestAlgorithm, digestAlgorithms, digestResponse, ha1Hex, type Protection } from './digest.ts';

export interface DigestAnswer {
  readonly method: string;
  /** The Request-URI as written. */
  readonly uri: string;
  /** Unicode, as is the password. */
  readonly username: string;
  /** One of `password` and `ha1` is given. */
  readonly password?: string;
  /** What ha1Hex gives, for who keeps that instead of the password. Undefined: a challenge that is not to be answered. */
  readonly ha1?: (algorithm: DigestAlgorithm, realm: string) => string | undefined;
  /** How often this nonce was used, this time included; from 1. */
  readonly nonceCount: number;
  /** An octet string of the client's own, new for each nonce at least. */
  readonly cnonce: string;
  readonly hashes: Hashes;
  /** For servers that ask for auth-int and nothing else. */
  readonly body?: Uint8Array;
}

/**
 * Credentials for one of the challenges: the strongest algorithm first, among equal ones the topmost. Undefined when none
 * can be answered: another scheme, an unknown algorithm or qop, a realm without a secret.
 */
export function answerChallenge(challenges: readonly Challenge[], answer: DigestAnswer): DigestCredentials | undefined {
  for (const algorithm of digestAlgorithms) {
    for (const challenge of challenges) {
      if (challenge.kind !== 'digest' || algorithmOf(challenge) !== algorithm) continue;
      const protection = protectionFor(challenge, answer);
      const ha1 = ha1Of(answer, algorithm, octetsToText(challenge.realm));
      if (protection !== 'unknown' && ha1 !== undefined) return credentialsFor(challenge, { algorithm, ha1, protection }, answer);
    }
  }
  return undefined;
}

function algorithmOf({ algorithm = 'MD5' }: DigestChallenge): string {
  return algorithm.toUpperCase();
}

function ha1Of({ hashes, username, password, ha1 }: DigestAnswer, algorithm: DigestAlgorithm, realm: string): string | undefined {
  return password === undefined ? ha1?.(algorithm, realm) : ha1Hex(hashes, algorithm, username, realm, password);
}

function protectionFor({ qop }: DigestChallenge, { nonceCount, cnonce, body }: DigestAnswer): Protection | undefined | 'unknown' {
  if (qop === undefined) return undefined;
  const offered = qop.map((name) => name.toLowerCase());
  const nc = nonceCount.toString(16).padStart(8, '0');
  if (offered.includes('auth')) return { qop: 'auth', nc, cnonce, body: noBody };
  return offered.includes('auth-int') ? { qop: 'auth-int', nc, cnonce, body: body ?? noBody } : 'unknown';
}

const noBody = new Uint8Array(0);

interface AnsweredWith {
  readonly algorithm: DigestAlgorithm;
  readonly ha1: string;
  readonly protection: Protection | undefined;
}

function credentialsFor(
  challenge: DigestChallenge,
  { algorithm, ha1, protection }: AnsweredWith,
  { method, uri, username, hashes }: DigestAnswer,
): DigestCredentials {
  const { realm, nonce, opaque } = challenge;
  return {
    kind: 'digest',
    username: textToOctets(username),
    realm,
    nonce,
    uri,
    response: digestResponse(hashes, { algorithm, ha1, method, uri, nonce, protection }),
    // As it was asked for: an old server might not know the parameter.
    ...(challenge.algorithm === undefined ? {} : { algorithm: challenge.algorithm }),
    ...(opaque === undefined ? {} : { opaque }),
    ...(protection === undefined ? {} : { qop: protection.qop, nc: protection.nc, cnonce: protection.cnonce }),
    parameters: Parameters.empty,
  };
}
