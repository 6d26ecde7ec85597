import { encodeText, trimBlanks } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem, payloadProblem } from './problem.ts';
import type { XmlElement, XmlLimits } from './xml-element.ts';
import { escapeXml, parseXml } from './xml-element.ts';

/** The namespace of the document (RFC 5438). */
export const imdnDocumentNamespace = 'urn:ietf:params:xml:ns:imdn';
/** The namespace of CPM's interworking notification. */
export const imdnExtensionsNamespace = 'urn:oma:xml:cpm:imdn-extensions:1.0';

/** An instant message disposition notification: a message/imdn+xml document (RFC 5438 §7). */
export interface Imdn {
  readonly kind: 'imdn';
  /** imdn.Message-ID of the message it is about. */
  readonly messageId: string;
  /** DateTime of the message it is about, RFC 3339. */
  readonly dateTime: string;
  readonly recipientUri?: string;
  readonly originalRecipientUri?: string;
  readonly subject?: string;
  readonly notification: ImdnNotification;
}

export type ImdnNotification =
  | { readonly kind: 'delivery'; readonly status: DeliveryStatus }
  | { readonly kind: 'display'; readonly status: DisplayStatus }
  | { readonly kind: 'processing'; readonly status: ProcessingStatus }
  | { readonly kind: 'interworking'; readonly status: InterworkingStatus };

const deliveryStatuses = ['delivered', 'failed', 'forbidden', 'error'] as const;
const displayStatuses = ['displayed', 'forbidden', 'error'] as const;
const processingStatuses = ['processed', 'stored', 'forbidden', 'error'] as const;
const interworkingStatuses = ['legacy-sms', 'legacy-mms', 'error'] as const;

export type DeliveryStatus = (typeof deliveryStatuses)[number];
export type DisplayStatus = (typeof displayStatuses)[number];
export type ProcessingStatus = (typeof processingStatuses)[number];
export type InterworkingStatus = (typeof interworkingStatuses)[number];

/** Our own bounds; a document as RFC 5438 describes it has ten elements and some hundred octets. */
export const imdnLimits: XmlLimits = { maxOctets: 65_536, maxDepth: 16, maxElements: 200 };

/**
 * Reads a document. Elements are found by their local names, because the interworking notification is met in the
 * field both wholly in CPM's namespace and with only its leaf there.
 */
export function parseImdn(octets: Uint8Array, limits: XmlLimits = imdnLimits): Imdn | PayloadProblem {
  const root = parseXml(octets, limits);
  if (isPayloadProblem(root)) return root;
  if (root.name !== 'imdn' || root.namespace !== imdnDocumentNamespace) return payloadProblem('unsupported', 0, 'The document is no IMDN.');
  const messageId = childText(root, 'message-id');
  if (messageId === undefined) return payloadProblem('missing', 0, 'The IMDN names no message-id.');
  const dateTime = childText(root, 'datetime');
  if (dateTime === undefined) return payloadProblem('missing', 0, 'The IMDN has no datetime.');
  const notification = readNotification(root);
  if (notification === undefined) return payloadProblem('missing', 0, 'The IMDN has no notification with a known status.');
  return { kind: 'imdn', messageId, dateTime, ...readOptional(root), notification };
}

/** Writes a document. The interworking notification stands wholly in CPM's namespace, as the older readers need it. */
export function formatImdn(imdn: Imdn): Uint8Array {
  const extensions = imdn.notification.kind === 'interworking' ? ` xmlns:cpm="${imdnExtensionsNamespace}"` : '';
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<imdn xmlns="${imdnDocumentNamespace}"${extensions}>`,
    ...textLine('message-id', imdn.messageId),
    ...textLine('datetime', imdn.dateTime),
    ...textLine('recipient-uri', imdn.recipientUri),
    ...textLine('original-recipient-uri', imdn.originalRecipientUri),
    ...textLine('subject', imdn.subject),
    ` ${formatNotification(imdn.notification)}`,
    '</imdn>',
  ];
  return encodeText(lines.join('\r\n'));
}

function readOptional(root: XmlElement): Pick<Imdn, 'recipientUri' | 'originalRecipientUri' | 'subject'> {
  const recipientUri = childText(root, 'recipient-uri');
  const originalRecipientUri = childText(root, 'original-recipient-uri');
  const subject = childText(root, 'subject');
  return {
    ...(recipientUri === undefined ? {} : { recipientUri }),
    ...(originalRecipientUri === undefined ? {} : { originalRecipientUri }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function readNotification(root: XmlElement): ImdnNotification | undefined {
  for (const element of root.children) {
    const notification = toNotification(element);
    if (notification !== undefined) return notification;
  }
  return undefined;
}

function toNotification(element: XmlElement): ImdnNotification | undefined {
  switch (element.name) {
    case 'delivery-notification': {
      const status = readStatus(element, deliveryStatuses);
      return status && { kind: 'delivery', status };
    }
    case 'display-notification': {
      const status = readStatus(element, displayStatuses);
      return status && { kind: 'display', status };
    }
    case 'processing-notification': {
      const status = readStatus(element, processingStatuses);
      return status && { kind: 'processing', status };
    }
    case 'interworking-notification': {
      const status = readStatus(element, interworkingStatuses);
      return status && { kind: 'interworking', status };
    }
    default:
      return undefined;
  }
}

/** The first leaf of the status element that is one of these. */
function readStatus<Status extends string>(notification: XmlElement, known: readonly Status[]): Status | undefined {
  const leaves = child(notification, 'status')?.children ?? [];
  return known.find((status) => leaves.some((leaf) => leaf.name === status));
}

/** By local name; one in the namespace of the document goes before an extension of the same name. */
function child(element: XmlElement, name: string): XmlElement | undefined {
  const found = element.children.filter((candidate) => candidate.name === name);
  return found.find((candidate) => candidate.namespace === imdnDocumentNamespace) ?? found[0];
}

function childText(element: XmlElement, name: string): string | undefined {
  const text = trimBlanks(child(element, name)?.text ?? '');
  return text === '' ? undefined : text;
}

function textLine(name: string, text: string | undefined): string[] {
  return text === undefined ? [] : [` <${name}>${escapeXml(text)}</${name}>`];
}

function formatNotification(notification: ImdnNotification): string {
  const prefix = notification.kind === 'interworking' ? 'cpm:' : '';
  const name = `${prefix}${notification.kind}-notification`;
  return `<${name}><${prefix}status><${prefix}${notification.status}/></${prefix}status></${name}>`;
}
