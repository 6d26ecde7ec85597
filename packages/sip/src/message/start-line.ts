import { allIn, decimal, isToken, token } from './character-classes.ts';
import { Malformed } from './malformed.ts';

/** The start line of a request whose version is not ours: 505 with the rest of the message. */
export interface RequestLine {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly version: string;
}

export interface StatusLine {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export const sipVersion = 'SIP/2.0';

const slash = 0x2f;

/** Reads Request-Line or Status-Line (RFC 3261 §7.1, §7.2): exactly one space between the parts. */
export function parseStartLine(line: string): RequestLine | StatusLine | Malformed {
  // A slash is in no method, so the fourth character tells the two apart.
  return line.charCodeAt(3) === slash ? parseStatusLine(line) : parseRequestLine(line);
}

/** A request line that breaks the grammar but still says what was asked: what to build a 400 from. */
export function looseRequestLine(line: string): RequestLine | undefined {
  const parts = line.trim().split(' ');
  const [method, uri] = parts;
  const version = parts.at(-1);
  if (method === undefined || uri === undefined || version === undefined || parts.length < 3) return undefined;
  return isToken(method) && isVersion(version) ? { kind: 'request', method, uri, version } : undefined;
}

/** True for our version; its letters may come in any case. */
export function isSip2(version: string): boolean {
  return version === sipVersion || version.toUpperCase() === sipVersion;
}

function parseRequestLine(line: string): RequestLine | Malformed {
  const methodEnd = line.indexOf(' ');
  const uriEnd = line.indexOf(' ', methodEnd + 1);
  if (methodEnd <= 0 || uriEnd < 0 || !allIn(line, token, 0, methodEnd)) return new Malformed('malformed request line');
  const uri = line.slice(methodEnd + 1, uriEnd);
  const version = line.slice(uriEnd + 1);
  if (!isVersion(version) || uri === '' || hasControls(uri)) return new Malformed('malformed request line');
  return { kind: 'request', method: line.slice(0, methodEnd), uri, version };
}

function parseStatusLine(line: string): StatusLine | Malformed {
  const version = line.slice(0, line.indexOf(' '));
  const code = line.slice(version.length + 1, version.length + 4);
  const status = code.length === 3 ? decimal(code, 699) : undefined;
  const behind = line[version.length + 4] ?? ' ';
  if (!isSip2(version)) return new Malformed('a status line of another version');
  if (status === undefined || status < 100 || behind !== ' ') return new Malformed('malformed status line');
  return { kind: 'response', status, reason: line.slice(version.length + 5) };
}

/** SIP-Version: `SIP/`, digits, a dot, digits. */
function isVersion(text: string): boolean {
  if (text === sipVersion) return true;
  const dot = text.indexOf('.');
  const isPrefixed = text.slice(0, 4).toUpperCase() === 'SIP/';
  return (
    isPrefixed &&
    decimal(text.slice(4, Math.max(dot, 4)), Number.MAX_VALUE) !== undefined &&
    decimal(text.slice(dot + 1), Number.MAX_VALUE) !== undefined
  );
}

function hasControls(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
