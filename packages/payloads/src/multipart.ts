import type { ContentType } from './content-type.ts';
import { mediaType } from './content-type.ts';
import type { HeaderBlock } from './header-block.ts';
import { scanHeaderBlock } from './header-block.ts';
import type { MimeEntity } from './mime-entity.ts';
import { contentTypeOf, formatEntity } from './mime-entity.ts';
import { carriageReturn, encodeText, horizontalTab, hyphen, joinOctets, lineBounds, lineEnd, lineFeed, space } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem, payloadProblem } from './problem.ts';

/** A multipart body (RFC 2046 §5.1). Every piece is a view of the octets that were given, never a copy. */
export interface Multipart {
  readonly kind: 'multipart';
  readonly boundary: string;
  readonly preamble: Uint8Array;
  readonly parts: readonly MultipartPart[];
  readonly epilogue: Uint8Array;
  /** False when the closing boundary was missing, as in a body that was cut short. */
  readonly closed: boolean;
}

export interface MultipartPart extends MimeEntity {
  /** Where the part begins in the octets that were given; absent in a composed part. */
  readonly offset?: number;
}

export interface MultipartLimits {
  readonly maxParts: number;
  /** How many multiparts may stand inside each other. */
  readonly maxDepth: number;
}

/** Our own bounds; a CPM message has at most three parts and two levels. */
export const multipartLimits: MultipartLimits = { maxParts: 200, maxDepth: 8 };

/**
 * Reads one level. Tolerated: LF line ends, blanks behind a boundary, a missing closing boundary, single quotes
 * around the boundary parameter, a part that begins with its content instead of headers.
 */
export function parseMultipart(
  type: ContentType,
  octets: Uint8Array,
  limits: MultipartLimits = multipartLimits,
): Multipart | PayloadProblem {
  const boundary = type.parameters.get('boundary') ?? '';
  if (boundary === '') return payloadProblem('missing', 0, 'The multipart has no boundary parameter.');
  const delimiters = findDelimiters(octets, boundary, limits);
  const inner = /^'(.+)'$/.exec(boundary)?.[1];
  if (isPayloadProblem(delimiters)) return delimiters;
  if (delimiters.length > 0) return assemble(octets, boundary, delimiters);
  if (inner === undefined) return payloadProblem('missing', 0, 'The boundary of the multipart does not occur.');
  return parseMultipart({ ...type, parameters: new Map([['boundary', inner]]) }, octets, limits);
}

/** Writes one level. A boundary that occurs in a part is a fault of the program and throws; ask `boundaryFits` first. */
export function formatMultipart(multipart: Pick<Multipart, 'boundary' | 'parts'> & Partial<Multipart>): Uint8Array {
  const { boundary, parts, preamble = noOctets, epilogue = noOctets } = multipart;
  if (!boundaryFits(boundary, parts)) throw new TypeError('the boundary of a multipart occurs in a part');
  const pieces: Uint8Array[] = preamble.length === 0 ? [] : [preamble, lineEnd];
  for (const part of parts) pieces.push(encodeText(`--${boundary}\r\n`), ...formatEntity(part), lineEnd);
  pieces.push(encodeText(`--${boundary}--`));
  return joinOctets(epilogue.length === 0 ? pieces : [...pieces, lineEnd, epilogue]);
}

/** Whether these parts can stand between this boundary. */
export function boundaryFits(boundary: string, parts: readonly MimeEntity[]): boolean {
  const one: MultipartLimits = { maxParts: 1, maxDepth: 1 };
  return parts.every((part) => {
    const found = findDelimiters(joinOctets(formatEntity(part)), boundary, one);
    return !isPayloadProblem(found) && found.length === 0;
  });
}

/** The first part of that media type, written in lower case. */
export function partOfType(multipart: Multipart, wanted: string): MultipartPart | undefined {
  return multipart.parts.find((part) => mediaType(contentTypeOf(part)) === wanted);
}

/** What is no multipart itself, with its media type. */
export interface LeafEntity extends MimeEntity {
  readonly type: ContentType;
}

/** The leaves of a body of any type, in their order: the body itself when it is no multipart. `limits.maxParts` bounds all levels together. */
export function leafEntities(
  type: ContentType,
  octets: Uint8Array,
  limits: MultipartLimits = multipartLimits,
): readonly LeafEntity[] | PayloadProblem {
  const leaves: LeafEntity[] = [];
  const problem = collectLeaves({ type, mimeHeaders: [], content: octets }, limits, leaves);
  return problem ?? leaves;
}

function collectLeaves(entity: LeafEntity, limits: MultipartLimits, leaves: LeafEntity[]): PayloadProblem | undefined {
  if (entity.type.type !== 'multipart') {
    leaves.push(entity);
    return undefined;
  }
  if (limits.maxDepth === 0) return payloadProblem('too-deep', 0, 'Multiparts are nested too deeply.');
  const multipart = parseMultipart(entity.type, entity.content, limits);
  if (isPayloadProblem(multipart)) return multipart;
  const inside = { ...limits, maxDepth: limits.maxDepth - 1 };
  for (const part of multipart.parts) {
    if (leaves.length === limits.maxParts) return tooManyParts(limits, 0);
    const problem = collectLeaves({ ...part, type: contentTypeOf(part) }, inside, leaves);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const noOctets = new Uint8Array();

/** A boundary line. The line end in front of it belongs to it (RFC 2046 §5.1.1). */
interface Delimiter {
  /** Where what stands before it ends. */
  readonly start: number;
  /** Where what stands behind it begins. */
  readonly next: number;
  readonly closing: boolean;
}

/** All boundary lines up to the closing one. */
function findDelimiters(octets: Uint8Array, boundary: string, limits: MultipartLimits): readonly Delimiter[] | PayloadProblem {
  const dashBoundary = encodeText(`--${boundary}`);
  const found: Delimiter[] = [];
  let at = 0;
  while (at < octets.length) {
    const { end, next } = lineBounds(octets, at);
    const closing = delimiterAt(octets, at, end, dashBoundary);
    if (closing !== undefined) {
      found.push({ start: beforeLineEnd(octets, at), next, closing });
      if (closing) return found;
      if (found.length > limits.maxParts) return tooManyParts(limits, at);
    }
    at = next;
  }
  return found;
}

function tooManyParts(limits: MultipartLimits, offset: number): PayloadProblem {
  return payloadProblem('too-many', offset, `There are more than ${limits.maxParts} parts.`);
}

/** Whether the line is a boundary, and then whether it is the closing one; undefined when it is another line. */
function delimiterAt(octets: Uint8Array, start: number, end: number, dashBoundary: Uint8Array): boolean | undefined {
  if (octets[start] !== hyphen || end - start < dashBoundary.length) return undefined;
  for (let index = 0; index < dashBoundary.length; index += 1) {
    if (octets[start + index] !== dashBoundary[index]) return undefined;
  }
  const behind = start + dashBoundary.length;
  const closing = octets[behind] === hyphen && octets[behind + 1] === hyphen && behind + 2 <= end;
  for (let at = closing ? behind + 2 : behind; at < end; at += 1) {
    if (octets[at] !== space && octets[at] !== horizontalTab) return undefined;
  }
  return closing;
}

function beforeLineEnd(octets: Uint8Array, lineStart: number): number {
  if (lineStart === 0 || octets[lineStart - 1] !== lineFeed) return lineStart;
  return lineStart > 1 && octets[lineStart - 2] === carriageReturn ? lineStart - 2 : lineStart - 1;
}

function assemble(octets: Uint8Array, boundary: string, delimiters: readonly Delimiter[]): Multipart | PayloadProblem {
  const parts: MultipartPart[] = [];
  for (const [index, delimiter] of delimiters.entries()) {
    if (delimiter.closing) break;
    // Two boundary lines in a row share a line end, hence the maximum.
    const end = Math.max(delimiters[index + 1]?.start ?? octets.length, delimiter.next);
    const part = readPart(octets, delimiter.next, end);
    if (isPayloadProblem(part)) return part;
    parts.push(part);
  }
  const last = delimiters.at(-1);
  const closed = last?.closing ?? false;
  const preamble = octets.subarray(0, delimiters[0]?.start ?? 0);
  const epilogue = closed ? octets.subarray(last?.next ?? octets.length) : noOctets;
  return { kind: 'multipart', boundary, preamble, parts, epilogue, closed };
}

function readPart(octets: Uint8Array, start: number, end: number): MultipartPart | PayloadProblem {
  const block = scanPartHeaders(octets.subarray(0, end), start);
  if (isPayloadProblem(block)) return block;
  return { offset: start, mimeHeaders: block.fields, content: octets.subarray(block.end, end) };
}

/** A part whose first line is no header has none, and all of it is content. */
function scanPartHeaders(octets: Uint8Array, start: number): HeaderBlock | PayloadProblem {
  const block = scanHeaderBlock(octets, start);
  if (!isPayloadProblem(block) || block.code !== 'malformed' || block.offset !== start) return block;
  return { kind: 'header-block', fields: [], end: start, terminated: true };
}
