/** What SIP and MSRP messages carry. Octets in, values out, and back; no I/O, no clock, no randomness. */

export * from './content-type.ts';
export * from './cpim.ts';
export * from './cpim-access.ts';
export * from './cpim-address.ts';
export { withHeader, withoutHeader } from './cpim-change.ts';
export * from './cpim-compose.ts';
export { decodeCpimText, encodeCpimText } from './cpim-escape.ts';
export type { CpimHeader, CpimParameter, CpimScope } from './cpim-header.ts';
export { coreNamespace, cpimText, cpmNamespace, imdnNamespace } from './cpim-header.ts';
export * from './disposition-notification.ts';
export * from './external-body.ts';
export type { HeaderLimits } from './header-block.ts';
export type { HeaderField } from './header-field.ts';
export * from './imdn.ts';
export * from './imdn-aggregate.ts';
export type { MimeEntity } from './mime-entity.ts';
export { contentDispositionOf, contentTypeOf, mimeHeader } from './mime-entity.ts';
export * from './msginfo.ts';
export * from './multipart.ts';
export * from './problem.ts';
export { readOnce } from './read-once.ts';
export * from './rfc3339.ts';
export type { XmlLimits } from './xml-element.ts';
