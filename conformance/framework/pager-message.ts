import { randomUUID } from 'node:crypto';
import type { OutgoingRequest } from './peer.ts';
import { writeCpim } from './wire-cpim.ts';
import type { WireHeader } from './wire-message.ts';

/** `urn%3Aurn-7%3A…` as Accept-Contact carries an ICSI (3GPP TS 24.229 §7.2A.8.2). */
export function serviceTag(service: string): string {
  return `+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.${service}"`;
}

export function serviceUrn(service: string): string {
  return `urn:urn-7:3gpp-service.ims.icsi.oma.cpm.${service}`;
}

export interface PagerMessage {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly label: string;
  readonly contributionId?: string;
  readonly messageId?: string;
  /** `positive-delivery, display`; no notification is asked for when absent. */
  readonly notifications?: string;
  readonly headers?: readonly WireHeader[];
  /** Headers that the CPIM wrapper has beside the usual ones. */
  readonly cpim?: readonly WireHeader[];
  readonly sipFrom?: string;
  /** Of the text; `text/plain;charset=UTF-8` when absent. */
  readonly contentType?: string;
  /** Content-Disposition of the text; left out when absent. */
  readonly disposition?: string;
  /** The feature tag in Accept-Contact; that of release 2.x when absent. */
  readonly tag?: string;
}

/** A pager-mode standalone message as a client sends it (D-7.2.1.1, D-7.2.1.3). */
export function pagerMessage(message: PagerMessage): OutgoingRequest {
  const { to, label, sipFrom, headers = [] } = message;
  return {
    method: 'MESSAGE',
    uri: to,
    to,
    label,
    ...(sipFrom === undefined ? {} : { from: sipFrom }),
    headers: [
      { name: 'Accept-Contact', value: `*;${message.tag ?? serviceTag('msg')}` },
      { name: 'P-Preferred-Service', value: serviceUrn('msg') },
      { name: 'Conversation-ID', value: randomUUID() },
      { name: 'Contribution-ID', value: message.contributionId ?? randomUUID().replaceAll('-', '') },
      ...(headers.some(({ name }) => name === 'User-Agent') ? [] : [{ name: 'User-Agent', value: 'CPM-client/OMA2.1 Peer/1.0' }]),
      { name: 'Content-Type', value: 'message/cpim' },
      ...headers,
    ],
    body: cpimBody(message),
  };
}

function cpimBody(message: PagerMessage): string {
  const { from, to, text, messageId, notifications, contentType, disposition, cpim = [] } = message;
  const asked = notifications === undefined ? [] : [{ name: 'imdn.Disposition-Notification', value: notifications }];
  return writeCpim({
    headers: [
      { name: 'From', value: `<${from}>` },
      { name: 'To', value: `<${to}>` },
      { name: 'NS', value: 'imdn <urn:ietf:params:imdn>' },
      { name: 'imdn.Message-ID', value: messageId ?? randomUUID().slice(0, 12) },
      ...asked,
      { name: 'DateTime', value: new Date().toISOString() },
      ...cpim,
    ],
    mime: [
      { name: 'Content-Type', value: contentType ?? 'text/plain;charset=UTF-8' },
      ...(disposition === undefined ? [] : [{ name: 'Content-Disposition', value: disposition }]),
    ],
    content: text,
  });
}
