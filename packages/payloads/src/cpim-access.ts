import type { CpimMessage } from './cpim.ts';
import type { CpimAddress } from './cpim-address.ts';
import { parseCpimAddress } from './cpim-address.ts';
import type { CpimHeader, CpimScope } from './cpim-header.ts';
import { coreNamespace, cpimText, cpmNamespace, declaredScope, imdnNamespace } from './cpim-header.ts';

/** The first header of that name in that namespace, whatever its prefix is. */
export function header(message: CpimMessage, namespace: string, name: string): CpimHeader | undefined {
  for (const candidate of message.headers) {
    if (candidate.name === name && candidate.namespace === namespace) return candidate;
  }
  return undefined;
}

/** All headers of that name in that namespace, in their order. */
export function headers(message: CpimMessage, namespace: string, name: string): readonly CpimHeader[] {
  return message.headers.filter((candidate) => candidate.name === name && candidate.namespace === namespace);
}

/** The addresses in the headers of that name; one that cannot be read is left out (`headers` still shows it). */
export function addresses(message: CpimMessage, namespace: string, name: string): readonly CpimAddress[] {
  return headers(message, namespace, name).flatMap((found) => parseCpimAddress(found.value) ?? []);
}

/** From (RFC 3862 §4.1); undefined when absent or without a URI. */
export function fromAddress(message: CpimMessage): CpimAddress | undefined {
  return addressIn(header(message, coreNamespace, 'From'));
}

/** To (RFC 3862 §4.2). */
export function toAddresses(message: CpimMessage): readonly CpimAddress[] {
  return addresses(message, coreNamespace, 'To');
}

/** cc (RFC 3862 §4.3). */
export function ccAddresses(message: CpimMessage): readonly CpimAddress[] {
  return addresses(message, coreNamespace, 'cc');
}

/** DateTime (RFC 3862 §4.4) as it was written; RFC 3339 is its form. */
export function dateTime(message: CpimMessage): string | undefined {
  return header(message, coreNamespace, 'DateTime')?.value;
}

export interface CpimSubject {
  readonly text: string;
  /** A language tag (RFC 5646). */
  readonly language?: string;
}

/** Subject (RFC 3862 §4.5), which may come once per language. */
export function subjects(message: CpimMessage): readonly CpimSubject[] {
  return headers(message, coreNamespace, 'Subject').map((found) => {
    const language = found.parameters.find((parameter) => parameter.name.toLowerCase() === 'lang')?.value;
    return language === undefined ? { text: cpimText(found) } : { text: cpimText(found), language };
  });
}

/** What the NS lines of the message declare, prefix to URI; of two lines with one prefix the last counts. */
export function namespaces(message: CpimMessage): CpimScope {
  return declaredScope(message.headers);
}

/** imdn.Message-ID (RFC 5438 §6); undefined when absent or empty. */
export function imdnMessageId(message: CpimMessage): string | undefined {
  return nonEmptyText(header(message, imdnNamespace, 'Message-ID'));
}

/** imdn.Original-To (RFC 5438 §6). */
export function originalTo(message: CpimMessage): CpimAddress | undefined {
  return addressIn(header(message, imdnNamespace, 'Original-To'));
}

/** imdn.IMDN-Record-Route (RFC 5438 §6), the topmost first. */
export function imdnRecordRoutes(message: CpimMessage): readonly CpimAddress[] {
  return addresses(message, imdnNamespace, 'IMDN-Record-Route');
}

/** cpm.Payload-Type, the media type that counts when the content is a multipart; parse it with `parseContentType`. */
export function payloadType(message: CpimMessage): string | undefined {
  return nonEmptyText(header(message, cpmNamespace, 'Payload-Type'));
}

function addressIn(found: CpimHeader | undefined): CpimAddress | undefined {
  return found === undefined ? undefined : parseCpimAddress(found.value);
}

function nonEmptyText(found: CpimHeader | undefined): string | undefined {
  const text = found === undefined ? '' : cpimText(found);
  return text === '' ? undefined : text;
}
