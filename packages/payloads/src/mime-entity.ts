import type { ContentDisposition, ContentType } from './content-type.ts';
import { contentType, parseContentDisposition, parseContentType } from './content-type.ts';
import type { HeaderField } from './header-field.ts';
import { formatField } from './header-field.ts';
import { lineEnd } from './octets.ts';
import { isPayloadProblem } from './problem.ts';

/** Headers that describe a content, and the content: what CPIM wraps, and what a part of a multipart is (RFC 2045 §2.4). */
export interface MimeEntity {
  readonly mimeHeaders: readonly HeaderField[];
  readonly content: Uint8Array;
}

/** The value of the first header with that name, in whatever case it is written. */
export function mimeHeader(entity: MimeEntity, name: string): string | undefined {
  return fieldValue(entity.mimeHeaders, name);
}

function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  for (const field of fields) {
    if (field.name === name || (field.name.length === name.length && field.name.toLowerCase() === name.toLowerCase())) return field.value;
  }
  return undefined;
}

const defaultContentType = contentType('text/plain', new Map([['charset', 'us-ascii']]));

/** The media type of the content; text/plain in US-ASCII when the header is absent or malformed, as RFC 2045 §5.2 says. */
export function contentTypeOf(entity: MimeEntity): ContentType {
  const value = mimeHeader(entity, 'Content-Type');
  if (value === undefined) return defaultContentType;
  const parsed = parseContentType(value);
  return isPayloadProblem(parsed) ? defaultContentType : parsed;
}

/** Undefined when the header is absent or malformed. */
export function contentDispositionOf(entity: MimeEntity): ContentDisposition | undefined {
  const value = mimeHeader(entity, 'Content-Disposition');
  return value === undefined ? undefined : parseContentDisposition(value);
}

/** What Content-Length claims, in octets; undefined when the header is absent or no number. */
export function contentLengthOf(mimeHeaders: readonly HeaderField[]): number | undefined {
  return readDecimal(fieldValue(mimeHeaders, 'Content-Length'));
}

const decimalNumber = /^[0-9]{1,15}$/;

export function readDecimal(text: string | undefined): number | undefined {
  return text !== undefined && decimalNumber.test(text) ? Number(text) : undefined;
}

/** Headers, empty line, content. A Content-Length that is not true is written anew; one that is absent stays absent. */
export function formatEntity(entity: MimeEntity): readonly Uint8Array[] {
  const head = entity.mimeHeaders.flatMap((field) => formatEntityField(field, entity.content.length));
  return [...head, lineEnd, entity.content];
}

function formatEntityField(field: HeaderField, contentLength: number): readonly Uint8Array[] {
  const isWrongLength = field.name.toLowerCase() === 'content-length' && readDecimal(field.value) !== contentLength;
  return formatField(isWrongLength ? { name: field.name, value: String(contentLength) } : field);
}
