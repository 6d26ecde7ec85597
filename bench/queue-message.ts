import { domain } from '../interop/surroundings/server-process.ts';
import type { PlannedMessage } from './queue-plan.ts';

/** What a message weighs: its text, in octets. */
const textOctets = 1000;
const serviceTag = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"';

/** A message of a phone, without what the connection adds: headers and body. */
export interface MessageText {
  readonly headers: readonly string[];
  readonly body: string;
}

/** Of the same length for all, so that one that the server kept is the pattern of all others. */
export function messageText({ messageId, sender, recipient, negativeDelivery }: PlannedMessage, octets = textOctets): MessageText {
  const [from, to] = [addressOf(sender), addressOf(recipient)];
  const asked = negativeDelivery ? ['imdn.Disposition-Notification: negative-delivery'] : [];
  const envelope = [`From: <${from}>`, `To: <${to}>`, 'DateTime: 2026-03-01T08:30:00Z', 'NS: imdn <urn:ietf:params:imdn>'];
  const parts = [[...envelope, `imdn.Message-ID: ${messageId}`, ...asked], ['Content-Type: text/plain; charset=UTF-8']];
  const body = `${parts.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join('')}${'One of many. '.repeat(octets / 13 + 1).slice(0, octets)}`;
  const headers = [
    'User-Agent: CPM-client/OMA2.2 bench',
    `P-Preferred-Identity: <${from}>`,
    `Accept-Contact: *;${serviceTag}`,
    'P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    `Conversation-ID: with-${sender}`,
    `Contribution-ID: contribution-${messageId}`,
    'Content-Type: message/cpim',
  ];
  return { headers, body };
}

export function addressOf(user: string): string {
  return `sip:${user}@${domain}`;
}
