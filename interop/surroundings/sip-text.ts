import { createHash, randomBytes } from 'node:crypto';
import type { Account } from './server-process.ts';
import { domain } from './server-process.ts';

/** The value of the first header of that name, as a peer reads it that only knows lines. */
export function headerOf(message: string, name: string): string | undefined {
  return new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r$`, 'im').exec(message)?.[1];
}

/** 0 for what is no response. */
export function statusOf(message: string): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(message)?.[1] ?? 0);
}

export function token(): string {
  return randomBytes(8).toString('hex');
}

export interface RequestText {
  readonly method: string;
  readonly uri: string;
  /** `UDP 127.0.0.1:5070` */
  readonly sentBy: string;
  readonly from: string;
  readonly to: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A request written by hand, so that these checks do not lean on what they check. */
export function requestText({ method, uri, sentBy, from, to, callId = token(), cseq = 1, headers = [], body = '' }: RequestText): string {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${sentBy};branch=z9hG4bK${token()};rport`,
    'Max-Forwards: 70',
    `From: <${from}>;tag=${token()}`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export interface ChallengedRequest {
  readonly account: Account;
  readonly method: string;
  readonly uri: string;
  /** The how manieth use of the nonce this is; the first when left out. */
  readonly count?: number;
}

/** The answer to a 401 or 407 (RFC 7616, MD5, qop=auth), as a header line. */
export function credentials(challenge: string, { account, method, uri, count = 1 }: ChallengedRequest): string {
  const proxy = statusOf(challenge) === 407;
  const offers = challenge.match(proxy ? /^Proxy-Authenticate:.*$/gim : /^WWW-Authenticate:.*$/gim) ?? [];
  const offered = offers.find((line) => /algorithm="?MD5\b/i.test(line)) ?? '';
  const parameter = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(offered)?.[1] ?? '';
  const nc = count.toString(16).padStart(8, '0');
  const [realm, nonce, cnonce] = [parameter('realm'), parameter('nonce'), token()];
  const ha1 = md5(`${account.user}:${realm}:${account.password}`);
  const response = md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
  return (
    `${proxy ? 'Proxy-' : ''}Authorization: Digest username="${account.user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=MD5, qop=auth, nc=${nc}, cnonce="${cnonce}"`
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** 200 with what a response copies from its request (RFC 3261 §8.2.6.2). */
export function okTo(request: string): string {
  const vias = request.match(/^Via:.*\r\n/gim)?.join('') ?? '';
  const copied = ['From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headerOf(request, name)}\r\n`).join('');
  return `SIP/2.0 200 OK\r\n${vias}${copied}To: ${headerOf(request, 'To')};tag=${token()}\r\nContent-Length: 0\r\n\r\n`;
}

export function addressOf(user: string): string {
  return `sip:${user}@${domain}`;
}
