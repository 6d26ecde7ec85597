import {
  type CpimMessage,
  composeCpim,
  cpmNamespace,
  type DispositionNotification,
  formatCpim,
  isPayloadProblem,
  leafEntities,
  mediaType,
  rfc3339,
  withHeader,
} from '@opencpm/payloads';
import type { Payload } from './outgoing.ts';

/** What a CPM Standalone Message to one recipient is made of. Addresses are URIs as they go on the wire. */
export interface StandaloneMessageDraft {
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the Unix epoch. */
  readonly dateTime: number;
  /** imdn.Message-ID. */
  readonly messageId: string;
  readonly notifications: readonly DispositionNotification[];
  readonly subject?: string | undefined;
  readonly contentDisposition?: string;
  readonly payload: Payload;
}

/** Generate a CPM Standalone Message (A-7.2.1.3-01 to -07, D-7.2.1.3-08 to -10): the octets of the CPIM wrapper. */
export function generateStandaloneMessage(draft: StandaloneMessageDraft): Uint8Array {
  const { from, to, dateTime, messageId, notifications, subject, contentDisposition, payload } = draft;
  const message = composeCpim({
    from: { uri: from },
    to: [{ uri: to }],
    dateTime: rfc3339(dateTime),
    messageId,
    dispositionNotifications: new Set(notifications),
    ...(subject === undefined ? {} : { subjects: [{ text: subject }] }),
    ...(contentDisposition === undefined ? {} : { contentDisposition }),
    contentType: payload.type,
    content: payload.octets,
  });
  return formatCpim(withPayloadTypes(message, payload));
}

/** D-7.2.1.3-09: what a multipart holds, for those who decide without opening it. */
function withPayloadTypes(message: CpimMessage, { type, octets }: Payload): CpimMessage {
  if (type.type !== 'multipart') return message;
  const leaves = leafEntities(type, octets);
  if (isPayloadProblem(leaves)) throw new TypeError(`the multipart cannot be read: ${leaves.text}`);
  const types = new Set(leaves.map((leaf) => mediaType(leaf.type)));
  return withHeader(message, cpmNamespace, 'Payload-Type', [...types].join(', '));
}
