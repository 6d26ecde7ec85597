import type { CpimHeader } from './cpim-header.ts';
import { formatCpimHeader, toCpimHeaders } from './cpim-header.ts';
import type { HeaderBlock, HeaderLimits } from './header-block.ts';
import { HeaderReader, headerLimits } from './header-block.ts';
import type { HeaderField } from './header-field.ts';
import type { MimeEntity } from './mime-entity.ts';
import { contentLengthOf, contentTypeOf, formatEntity } from './mime-entity.ts';
import { carriageReturn, hyphen, joinOctets, lineEnd, lineFeed } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem, payloadProblem } from './problem.ts';

/**
 * A message/cpim body (RFC 3862 §2): headers of the message, then a MIME entity. The value is immutable; functions
 * named `with…` and `without…` give a changed one that shares the untouched headers and the content.
 */
export interface CpimMessage extends MimeEntity {
  readonly kind: 'cpim';
  readonly headers: readonly CpimHeader[];
}

/** Bounds both header blocks together. */
export const cpimLimits: HeaderLimits = headerLimits;

/**
 * Reads a body as it came. Tolerated beyond RFC 3862, because producers in the field do so: empty lines or
 * `Content-Type: message/cpim` in front, LF line ends, folded values, no empty line between the two header blocks,
 * no headers around the content, a Content-Length above what is there. A Content-Length below it cuts the content.
 */
export function parseCpim(octets: Uint8Array, limits: HeaderLimits = cpimLimits): CpimMessage | PayloadProblem {
  const start = behindEmptyLines(octets);
  const reader = new HeaderReader(octets, start, limits.maxOctets, 2);
  const head = readMessageHeaders(reader, limits);
  if (isPayloadProblem(head)) return head;
  const split = head.fields.findIndex(isMimeField);
  const messageFields = split === -1 ? head.fields : head.fields.slice(0, split);
  if (messageFields.length === 0) return payloadProblem('missing', start, 'The CPIM message has no headers.');
  const mime = split === -1 ? readRest(reader, head, limits) : { ...head, fields: head.fields.slice(split) };
  if (isPayloadProblem(mime)) return mime;
  const length = contentLengthOf(mime.fields) ?? octets.length;
  return {
    kind: 'cpim',
    headers: toCpimHeaders(messageFields),
    mimeHeaders: mime.fields,
    content: octets.subarray(mime.end, mime.end + length),
  };
}

/**
 * Writes a body. Received headers are written from their octets, in their order; changed ones anew. Line ends, the
 * empty lines and the Content-Length are always as RFC 3862 wants them.
 */
export function formatCpim(message: CpimMessage): Uint8Array {
  return joinOctets([...message.headers.flatMap(formatCpimHeader), lineEnd, ...formatEntity(message)]);
}

function behindEmptyLines(octets: Uint8Array): number {
  let at = 0;
  while (octets[at] === carriageReturn || octets[at] === lineFeed) at += 1;
  return at;
}

/** The first block, without the MIME headers of the CPIM object itself, which some send in front of it (RFC 3862 §2.1). */
function readMessageHeaders(reader: HeaderReader, limits: HeaderLimits): HeaderBlock | PayloadProblem {
  const block = reader.readBlock(limits.maxFields);
  if (isPayloadProblem(block) || !beginsWithCpimType(block.fields)) return block;
  const own = block.fields.findIndex((field) => !isMimeField(field));
  return own === -1 ? readRest(reader, block, limits) : { ...block, fields: block.fields.slice(own) };
}

function beginsWithCpimType(fields: readonly HeaderField[]): boolean {
  const first = fields[0];
  if (first === undefined || !isMimeField(first)) return false;
  const { type, subtype } = contentTypeOf({ mimeHeaders: [first], content: new Uint8Array() });
  return type === 'message' && subtype === 'cpim';
}

/** The block behind `first`, within what `first` left of the limits. */
function readRest(reader: HeaderReader, first: HeaderBlock, limits: HeaderLimits): HeaderBlock | PayloadProblem {
  const rest = reader.readBlock(limits.maxFields - first.fields.length);
  if (!isPayloadProblem(rest) || rest.code === 'malformed') return rest;
  return payloadProblem(rest.code, rest.offset, `The headers are more than ${limits.maxFields} or longer than ${limits.maxOctets} octets.`);
}

const mimeFieldName = /^content-[^.]+$/i;

/**
 * No header of RFC 3862 begins so, and every header that describes a content does (RFC 2045 §9). A dot would end a
 * prefix, and a prefix may be any name.
 */
function isMimeField({ name }: HeaderField): boolean {
  return name.charCodeAt(7) === hyphen && mimeFieldName.test(name);
}
