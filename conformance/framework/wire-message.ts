/**
 * A SIP message as it stood on the wire, read by nothing but RFC 3261 §7: start line, header lines, body. The suite reads
 * with its own eyes on purpose: a fault in the parser of the product must not hide itself here. Text is an octet string
 * (one character per octet).
 */
export interface WireMessage {
  readonly startLine: string;
  readonly headers: readonly WireHeader[];
  readonly body: string;
}

export interface WireHeader {
  readonly name: string;
  readonly value: string;
}

const longForms: ReadonlyMap<string, string> = new Map([
  ['v', 'via'],
  ['f', 'from'],
  ['t', 'to'],
  ['i', 'call-id'],
  ['m', 'contact'],
  ['c', 'content-type'],
  ['l', 'content-length'],
  ['s', 'subject'],
  ['k', 'supported'],
  ['e', 'content-encoding'],
  ['a', 'accept-contact'],
  ['j', 'reject-contact'],
  ['d', 'request-disposition'],
  ['b', 'referred-by'],
]);

/** Undefined when the octets are no SIP message: a keep-alive or garbage. */
export function readWireMessage(octets: string): WireMessage | undefined {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [startLine = '', ...lines] = octets
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  if (!startLine.includes('SIP/2.0') && !startLine.endsWith('HTTP/1.1')) return undefined;
  return { startLine, headers: lines.map(readHeader), body: octets.slice(end + 4) };
}

/** Content-Length is always right; everything else stands as the record says. */
export function writeWireMessage(message: WireMessage): string {
  const headers = message.headers.filter(({ name }) => headerKey(name) !== 'content-length');
  const lines = headers.map(({ name, value }) => `${name}: ${value}`);
  return `${[message.startLine, ...lines, `Content-Length: ${message.body.length}`].join('\r\n')}\r\n\r\n${message.body}`;
}

function headerKey(name: string): string {
  const lower = name.trim().toLowerCase();
  return longForms.get(lower) ?? lower;
}

/** All values of that name in order; several header lines and one line with commas are not told apart by the caller. */
export function headerValues(message: WireMessage, name: string): readonly string[] {
  const key = headerKey(name);
  return message.headers.filter((header) => headerKey(header.name) === key).map((header) => header.value);
}

export function headerText(message: WireMessage, name: string): string | undefined {
  const values = headerValues(message, name);
  return values.length === 0 ? undefined : values.join(', ');
}

export function isRequest(message: WireMessage): boolean {
  return !message.startLine.startsWith('SIP/2.0 ');
}

/** Of a response the method stands in CSeq. */
export function methodOf(message: WireMessage): string {
  if (isRequest(message)) return message.startLine.split(' ')[0] ?? '';
  return headerText(message, 'CSeq')?.split(/\s+/)[1] ?? '';
}

export function requestUriOf(message: WireMessage): string | undefined {
  return isRequest(message) ? message.startLine.split(' ')[1] : undefined;
}

export function statusOf(message: WireMessage): number | undefined {
  return isRequest(message) ? undefined : Number(message.startLine.split(' ')[1]);
}

/** Replaces every header of that name by one at the place of the first, or appends it. */
export function withHeader(message: WireMessage, name: string, value: string): WireMessage {
  const key = headerKey(name);
  const at = message.headers.findIndex((header) => headerKey(header.name) === key);
  const others = message.headers.filter((header, index) => index === at || headerKey(header.name) !== key);
  if (at < 0) return { ...message, headers: [...others, { name, value }] };
  return { ...message, headers: others.map((header) => (headerKey(header.name) === key ? { name: header.name, value } : header)) };
}

export function withoutHeader(message: WireMessage, name: string): WireMessage {
  const key = headerKey(name);
  return { ...message, headers: message.headers.filter((header) => headerKey(header.name) !== key) };
}

export function withStatus(message: WireMessage, status: number): WireMessage {
  return { ...message, startLine: `SIP/2.0 ${status} Tampered` };
}

export function withRequestUri(message: WireMessage, uri: string): WireMessage {
  return { ...message, startLine: `${methodOf(message)} ${uri} SIP/2.0` };
}

/** The URI inside `"Name" <uri>;parameter` or of a bare address. */
export function uriOf(address: string): string {
  const open = address.indexOf('<');
  if (open >= 0) return address.slice(open + 1, address.indexOf('>', open));
  return address.split(';')[0]?.trim() ?? '';
}

function readHeader(line: string): WireHeader {
  const colon = line.indexOf(':');
  return { name: line.slice(0, colon).trimEnd(), value: line.slice(colon + 1).trim() };
}
