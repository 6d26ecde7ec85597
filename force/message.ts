import { addressOf } from '../interop/surroundings/sip-text.ts';

/** What somebody writes: a text, or that a text was delivered. */
export interface Message {
  /** The imdn.Message-ID; no two of a run share it. */
  readonly id: string;
  readonly kind: 'text' | 'delivered';
  readonly from: string;
  readonly to: string;
  readonly conversation: string;
  /** Of the Expires header; left out: as long as the server keeps messages. */
  readonly expiresSeconds?: number;
  /** How long its text is made; as short as it comes when left out. */
  readonly octets?: number;
  /** Of a notification: the id of the text that it is about. */
  readonly about?: string;
}

const pagerMode = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"';
const deferred = 'icsi.oma.cpm.deferred';

/** The header lines of the request that carries a message, beside those that every request has. */
export function headersOf({ id, conversation, expiresSeconds }: Message): string[] {
  return [
    `Accept-Contact: *;${pagerMode}`,
    `Conversation-ID: ${conversation}`,
    `Contribution-ID: contribution-${id}`,
    'Content-Type: message/cpim',
    ...(expiresSeconds === undefined ? [] : [`Expires: ${expiresSeconds}`]),
  ];
}

/** Message/cpim (RFC 3862) with the headers of RFC 5438. A text asks to hear of delivery and of failure. */
export function bodyOf(message: Message): string {
  const { id, from, to } = message;
  const isText = message.kind === 'text';
  const lines = [
    `From: <${addressOf(from)}>`,
    `To: <${addressOf(to)}>`,
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${id}`,
    ...(isText ? ['imdn.Disposition-Notification: positive-delivery, negative-delivery'] : []),
    'DateTime: 2026-01-15T12:00:00.000Z',
    '',
    isText ? 'Content-Type: text/plain;charset=UTF-8' : 'Content-Type: message/imdn+xml',
    ...(isText ? [] : ['Content-Disposition: notification']),
    '',
    isText ? `The text of ${id}.`.padEnd(message.octets ?? 0, '.') : deliveredXml(message.about ?? ''),
  ];
  return lines.join('\r\n');
}

function deliveredXml(about: string): string {
  return (
    `<?xml version="1.0"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${about}</message-id>` +
    '<datetime>2026-01-15T12:00:00Z</datetime><delivery-notification><status><delivered/></status></delivery-notification></imdn>'
  );
}

/** What a client reads in a request that it was sent. */
export interface ReceivedMessage {
  /** The imdn.Message-ID; a system message has none. */
  readonly id: string | undefined;
  /** Of a notification: the message that it is about, and what became of that. */
  readonly notified: { readonly about: string; readonly status: string } | undefined;
  readonly asksForDelivery: boolean;
  readonly conversation: string;
  readonly from: string;
  /** It comes out of the queue, and not from its sender at once. */
  readonly isPushed: boolean;
}

export function readMessage(request: string): ReceivedMessage {
  const about = /<message-id>([^<]+)/.exec(request)?.[1];
  const status = /<status>\s*<(\w+)/.exec(request)?.[1];
  return {
    id: /^imdn\.Message-ID: (.*)\r$/m.exec(request)?.[1],
    notified: about === undefined || status === undefined ? undefined : { about, status },
    asksForDelivery: request.includes('positive-delivery'),
    conversation: /^Conversation-ID: (.*)\r$/m.exec(request)?.[1] ?? '',
    from: /^From: <sip:(\w+)@[^>]*>\r$/m.exec(request)?.[1] ?? '',
    isPushed: request.includes(deferred),
  };
}
