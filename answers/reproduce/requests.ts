import { randomUUID } from 'node:crypto';
import { writeCpim } from '../../conformance/framework/wire-cpim.ts';
import type { WireHeader } from '../../conformance/framework/wire-message.ts';
import { domain } from '../../interop/surroundings/server-process.ts';
import type { MessageRequest } from '../row.ts';
import type { RowNames } from './names.ts';
import type { OutgoingRequest } from './participant.ts';

const icsi = '3gpp-service.ims.icsi.oma.cpm.msg';
const encodedIcsi = `urn%3Aurn-7%3A${icsi}`;

/** Feature parameters of a CPM client’s Contact. */
export function clientFeatures(instance: string): string {
  return `;+g.3gpp.icsi-ref="${encodedIcsi}";+sip.instance="<${instance}>"`;
}

export interface Addressing {
  readonly row: string;
  readonly names: RowNames;
  /** Of the sender. */
  readonly from: string;
  readonly to: string;
  readonly asserted?: string;
  /** imdn.Message-ID of the message that a notification is about. */
  readonly about?: string;
}

/** What is in every message of the row and in nothing else. */
export function markOf(row: string): string {
  return `body of ${row}`;
}

/** imdn.Message-ID of messages of the row begins so. */
export function messageIdsOf(row: string): string {
  return `id-of-${row}-`;
}

/** Ids that a second copy of the message has as well. */
export interface MessageIdentity {
  readonly messageId: string;
  readonly contributionId: string;
}

export function newIdentity(row: string): MessageIdentity {
  return { messageId: `${messageIdsOf(row)}${randomUUID().slice(0, 8)}`, contributionId: randomUUID().replaceAll('-', '') };
}

/** A pager-mode message or a disposition notification as a client sends it (wire facts 16.1, 16.4). */
export function messageRequest(request: MessageRequest, addressing: Addressing, identity: MessageIdentity): OutgoingRequest {
  const { names, from, to, asserted } = addressing;
  const own = Object.entries(request.headers ?? {}).map(([name, value]) => ({ name, value: names.own(value) }));
  const replaced = new Set(own.map(({ name }) => name));
  const usual = [
    { name: 'Accept-Contact', value: `*;+g.3gpp.icsi-ref="${encodedIcsi}"` },
    ...(asserted === undefined
      ? [{ name: 'P-Preferred-Service', value: `urn:urn-7:${icsi}` }]
      : [{ name: 'P-Asserted-Identity', value: `<${asserted}>` }]),
    { name: 'Conversation-ID', value: randomUUID() },
    { name: 'Contribution-ID', value: identity.contributionId },
    { name: 'User-Agent', value: 'CPM-client/OMA2.1 Peer/1.0' },
    { name: 'Content-Type', value: 'message/cpim' },
  ];
  const body = request.body ?? cpimBody(request, addressing, identity);
  return { method: 'MESSAGE', uri: to, from, to, headers: [...usual.filter(({ name }) => !replaced.has(name)), ...own], body };
}

function cpimBody(
  { kind, asks, textOctets = 0 }: MessageRequest,
  { row, from, to, about = markOf(row) }: Addressing,
  { messageId }: MessageIdentity,
): string {
  const headers = [
    { name: 'From', value: `<${from}>` },
    { name: 'To', value: `<${to}>` },
    { name: 'NS', value: 'imdn <urn:ietf:params:imdn>' },
    { name: 'imdn.Message-ID', value: messageId },
    ...(asks === undefined ? [] : [{ name: 'imdn.Disposition-Notification', value: asks }]),
    { name: 'DateTime', value: new Date().toISOString() },
  ];
  if (kind === 'notification') return writeCpim({ headers, mime: notificationMime, content: notificationContent(about, to) });
  const content = markOf(row).padEnd(textOctets, '.');
  return writeCpim({ headers, mime: [{ name: 'Content-Type', value: 'text/plain;charset=UTF-8' }], content });
}

const notificationMime: readonly WireHeader[] = [
  { name: 'Content-Type', value: 'message/imdn+xml' },
  { name: 'Content-Disposition', value: 'notification' },
];

function notificationContent(about: string, recipient: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${about}</message-id>`,
    `<datetime>${new Date().toISOString()}</datetime><recipient-uri>${recipient}</recipient-uri>`,
    '<delivery-notification><status><delivered/></status></delivery-notification></imdn>',
  ].join('\n');
}

export interface Registration {
  readonly of: string;
  readonly by: string;
  readonly contact: string;
  readonly expiresSeconds: number;
}

export function registerRequest({ of, by, contact, expiresSeconds }: Registration): OutgoingRequest {
  const headers = [
    { name: 'Contact', value: contact },
    { name: 'Expires', value: String(expiresSeconds) },
    { name: 'Supported', value: 'path, gruu' },
  ];
  return { method: 'REGISTER', uri: `sip:${domain}`, from: by, to: of, headers, body: '' };
}
