import { encodeText, trimBlanks } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem, payloadProblem } from './problem.ts';
import { parseRfc3339, rfc3339 } from './rfc3339.ts';
import type { XmlElement, XmlLimits } from './xml-element.ts';
import { escapeXml, escapeXmlAttribute, parseXml } from './xml-element.ts';

/** The namespace of the document (wire facts 1.4, 9.3). */
export const msginfoNamespace = 'urn:ietf:params:xml:ns:msginfo';
/** Our own, for what the document has no name for: the outcome of a message after its expiry (wire facts 9.4). */
export const msginfoOutcomeNamespace = 'urn:opencpm:xml:msginfo-outcome:1.0';

/**
 * A list of deferred messages: an application/msginfo+xml document. It is the state of the `deferred-messages` event
 * package (Appendix J) and the body of notices about deferred messages (Appendix I).
 */
export interface Msginfo {
  readonly kind: 'msginfo';
  /** How many messages there are; without any in `messages` the document is a summary. */
  readonly number: number;
  readonly messages: readonly MsginfoMessage[];
}

export interface MsginfoMessage {
  /** The message-URI-ID. */
  readonly reference: string;
  /** When the message came, milliseconds since the epoch. */
  readonly dateTime: number;
  /** Octets. */
  readonly size: number;
  /** When the message expires or has expired, milliseconds since the epoch. */
  readonly expiry: number;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  /** The authenticated originator; left out when the sender hides. */
  readonly authenticatedOriginator?: string;
  /** The other recipients of a group message. */
  readonly recipients?: readonly string[];
  /** What became of an expired message. */
  readonly outcome?: MsginfoOutcome;
}

const outcomes = ['discarded', 'stored'] as const;
export type MsginfoOutcome = (typeof outcomes)[number];

/** Our own bounds; a message takes some ten elements. */
export const msginfoLimits: XmlLimits = { maxOctets: 1_048_576, maxDepth: 16, maxElements: 50_000 };

/** Reads a document, whatever namespace its elements are in below the root. A message that names no reference or no time is a problem. */
export function parseMsginfo(octets: Uint8Array, limits: XmlLimits = msginfoLimits): Msginfo | PayloadProblem {
  const root = parseXml(octets, limits);
  if (isPayloadProblem(root)) return root;
  if (root.name !== 'message-list' || root.namespace !== msginfoNamespace)
    return payloadProblem('unsupported', 0, 'The document is no list of deferred messages.');
  const messages: MsginfoMessage[] = [];
  for (const element of root.children.filter(({ name }) => name === 'message')) {
    const message = readMessage(element);
    if (isPayloadProblem(message)) return message;
    messages.push(message);
  }
  const number = wholeNumber(root.attributes.get('number')) ?? messages.length;
  return { kind: 'msginfo', number, messages };
}

/** Writes a document. */
export function formatMsginfo({ number, messages }: Pick<Msginfo, 'number' | 'messages'>): Uint8Array {
  const outcome = messages.some((message) => message.outcome !== undefined) ? ` xmlns:o="${msginfoOutcomeNamespace}"` : '';
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<message-list xmlns="${msginfoNamespace}"${outcome} number="${number}">`,
    ...messages.flatMap(messageLines),
    '</message-list>',
  ];
  return encodeText(lines.join('\r\n'));
}

function readMessage(element: XmlElement): MsginfoMessage | PayloadProblem {
  const reference = element.attributes.get('message-reference');
  if (reference === undefined || reference === '') return payloadProblem('missing', 0, 'A message has no message-reference.');
  const dateTime = parseRfc3339(element.attributes.get('date-time') ?? '');
  if (dateTime === undefined) return payloadProblem('missing', 0, 'A message has no date-time.');
  const expiry = readExpiry(childText(element, 'expiry'), dateTime);
  if (expiry === undefined) return payloadProblem('missing', 0, 'A message has no expiry.');
  const subject = childText(element, 'subject');
  const outcome = outcomes.find((known) => known === element.attributes.get(`{${msginfoOutcomeNamespace}}outcome`));
  return {
    reference,
    dateTime,
    size: wholeNumber(childText(element, 'size')) ?? 0,
    expiry,
    ...(subject === undefined ? {} : { subject }),
    ...readInfo(child(element, 'info')),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

/** A time, or as some write it, seconds from the arrival on. */
function readExpiry(text: string | undefined, dateTime: number): number | undefined {
  const seconds = wholeNumber(text);
  return seconds === undefined ? parseRfc3339(text ?? '') : dateTime + seconds * 1000;
}

function readInfo(info: XmlElement | undefined): Pick<MsginfoMessage, 'from' | 'to' | 'authenticatedOriginator' | 'recipients'> {
  if (info === undefined) return {};
  const entries = child(info, 'recipient-list')?.children.filter(({ name }) => name === 'entry') ?? [];
  const recipients = entries.flatMap(({ attributes }) => attributes.get('uri') ?? []);
  const authenticatedOriginator = childText(info, 'auth-id');
  const from = childText(info, 'from');
  const to = childText(info, 'to');
  return {
    ...(authenticatedOriginator === undefined ? {} : { authenticatedOriginator }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(recipients.length === 0 ? {} : { recipients }),
  };
}

function messageLines(message: MsginfoMessage): readonly string[] {
  const { reference, dateTime, size, expiry, subject, from, to, authenticatedOriginator, recipients = [], outcome } = message;
  const ending = outcome === undefined ? '' : ` o:outcome="${outcome}"`;
  return [
    ` <message date-time="${rfc3339(dateTime)}" message-reference="${escapeXmlAttribute(reference)}"${ending}>`,
    `  <size>${size}</size>`,
    `  <expiry>${rfc3339(expiry)}</expiry>`,
    ...textLine('  ', 'subject', subject),
    '  <info>',
    ...textLine('   ', 'auth-id', authenticatedOriginator),
    ...textLine('   ', 'from', from),
    ...textLine('   ', 'to', to),
    ...recipientLines(recipients),
    '  </info>',
    ' </message>',
  ];
}

function recipientLines(recipients: readonly string[]): readonly string[] {
  if (recipients.length === 0) return [];
  const entries = recipients.map((uri) => `    <entry uri="${escapeXmlAttribute(uri)}"/>`);
  return ['   <recipient-list>', ...entries, '   </recipient-list>'];
}

function textLine(indent: string, name: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`${indent}<${name}>${escapeXml(text)}</${name}>`];
}

function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

function childText(element: XmlElement, name: string): string | undefined {
  const text = trimBlanks(child(element, name)?.text ?? '');
  return text === '' ? undefined : text;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
