import { createHash, randomBytes } from 'node:crypto';
import { headerText, headerValues, type WireHeader, type WireMessage } from './wire-message.ts';

export interface Account {
  readonly user: string;
  readonly password: string;
  /** `sip:user@domain`. */
  readonly address: string;
}

/** The header that answers a 401 or 407 (RFC 7616, qop=auth); undefined when no challenge can be answered. */
export function answerChallenge(challenge: WireMessage, account: Account, method: string, uri: string): WireHeader | undefined {
  const proxy = challenge.startLine.includes(' 407 ');
  const offered = headerValues(challenge, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate').map(readParameters);
  const chosen = offered.find(({ algorithm }) => algorithm === 'SHA-256') ?? offered[0];
  if (chosen?.realm === undefined || chosen.nonce === undefined) return undefined;
  const value = credentials({ ...chosen, realm: chosen.realm, nonce: chosen.nonce }, account, method, uri);
  return { name: proxy ? 'Proxy-Authorization' : 'Authorization', value };
}

export function isChallenge(message: WireMessage): boolean {
  return / 40[17] /.test(message.startLine) && headerText(message, 'CSeq') !== undefined;
}

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm?: string;
  readonly opaque?: string;
}

function credentials(challenge: Challenge, account: Account, method: string, uri: string): string {
  const hash = (text: string): string =>
    createHash(challenge.algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const cnonce = randomBytes(8).toString('hex');
  const ha1 = hash(`${account.user}:${challenge.realm}:${account.password}`);
  const response = hash(`${ha1}:${challenge.nonce}:00000001:${cnonce}:auth:${hash(`${method}:${uri}`)}`);
  const quoted = Object.entries({ username: account.user, realm: challenge.realm, nonce: challenge.nonce, uri, response, cnonce })
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
  const opaque = challenge.opaque === undefined ? '' : `, opaque="${challenge.opaque}"`;
  return `Digest ${quoted}, algorithm=${challenge.algorithm ?? 'MD5'}, qop=auth, nc=00000001${opaque}`;
}

function readParameters(text: string): Partial<Challenge> {
  const pairs = [...text.matchAll(/([a-z-]+)=(?:"([^"]*)"|([^\s,]+))/gi)];
  return Object.fromEntries(pairs.map(([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']));
}
