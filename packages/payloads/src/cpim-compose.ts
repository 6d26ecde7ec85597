import type { ContentType } from './content-type.ts';
import { formatContentType } from './content-type.ts';
import type { CpimMessage } from './cpim.ts';
import type { CpimSubject } from './cpim-access.ts';
import type { CpimAddress } from './cpim-address.ts';
import { formatCpimAddress } from './cpim-address.ts';
import { appendHeaders, composeHeader } from './cpim-change.ts';
import { encodeCpimText } from './cpim-escape.ts';
import type { CpimHeader } from './cpim-header.ts';
import { coreNamespace, cpmNamespace, imdnNamespace } from './cpim-header.ts';
import type { DispositionNotification } from './disposition-notification.ts';
import type { HeaderField } from './header-field.ts';

/** What a CPM message is made of (D 5.4). */
export interface CpimDraft {
  readonly from: CpimAddress;
  readonly to: readonly CpimAddress[];
  readonly cc?: readonly CpimAddress[];
  /** RFC 3339. */
  readonly dateTime: string;
  readonly subjects?: readonly CpimSubject[];
  /** imdn.Message-ID, a token of the caller's making. */
  readonly messageId?: string;
  /** Absent or empty asks for none. */
  readonly dispositionNotifications?: ReadonlySet<DispositionNotification>;
  /** cpm.Payload-Type. */
  readonly payloadType?: ContentType;
  readonly contentType: ContentType;
  /** Content-Disposition, such as `notification` around an IMDN. */
  readonly contentDisposition?: string;
  readonly content: Uint8Array;
}

export function composeCpim(draft: CpimDraft): CpimMessage {
  return { kind: 'cpim', headers: messageHeaders(draft), mimeHeaders: mimeHeaders(draft), content: draft.content };
}

function messageHeaders(draft: CpimDraft): readonly CpimHeader[] {
  const requested = [...(draft.dispositionNotifications ?? [])].join(', ');
  let headers: readonly CpimHeader[] = [
    core('From', formatCpimAddress(draft.from)),
    ...draft.to.map((address) => core('To', formatCpimAddress(address))),
    ...(draft.cc ?? []).map((address) => core('cc', formatCpimAddress(address))),
    core('DateTime', draft.dateTime),
    ...(draft.subjects ?? []).map(subjectHeader),
  ];
  headers = appendHeaders(headers, imdnNamespace, 'Message-ID', draft.messageId === undefined ? [] : [encodeCpimText(draft.messageId)]);
  headers = appendHeaders(headers, imdnNamespace, 'Disposition-Notification', requested === '' ? [] : [requested]);
  return appendHeaders(
    headers,
    cpmNamespace,
    'Payload-Type',
    draft.payloadType === undefined ? [] : [formatContentType(draft.payloadType)],
  );
}

function core(name: string, value: string): CpimHeader {
  return composeHeader('', name, coreNamespace, value);
}

function subjectHeader(subject: CpimSubject): CpimHeader {
  const parameters = subject.language === undefined ? [] : [{ name: 'lang', value: subject.language }];
  return { ...core('Subject', encodeCpimText(subject.text)), parameters };
}

function mimeHeaders(draft: CpimDraft): readonly HeaderField[] {
  const disposition = draft.contentDisposition;
  return [
    { name: 'Content-Type', value: formatContentType(draft.contentType) },
    ...(disposition === undefined ? [] : [{ name: 'Content-Disposition', value: disposition }]),
    { name: 'Content-Length', value: String(draft.content.length) },
  ];
}
