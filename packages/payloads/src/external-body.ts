import type { ContentType } from './content-type.ts';
import { mediaType } from './content-type.ts';
import { scanHeaderBlock } from './header-block.ts';
import type { MimeEntity } from './mime-entity.ts';
import { contentTypeOf, readDecimal } from './mime-entity.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem, payloadProblem } from './problem.ts';

/** Content by reference: message/external-body (RFC 2046 §5.2.3, RFC 2017, RFC 4483). */
export interface ExternalBody extends MimeEntity {
  readonly kind: 'external-body';
  /** In lower case: `url`, or one of RFC 2046's. */
  readonly accessType: string;
  /** Where the content is; always there when the access type is `url`. It comes from a peer: fetch nothing unasked. */
  readonly url?: string;
  /** Until when the reference is good, a date as in RFC 5322 §3.3. */
  readonly expiration?: string;
  readonly sizeOctets?: number;
  /** The media type of the content that is referred to. */
  readonly contentType: ContentType;
  /** All parameters, those above included. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Reads a body of this media type. Its headers describe the content that is referred to; what follows them is in `content`. */
export function parseExternalBody(type: ContentType, octets: Uint8Array): ExternalBody | PayloadProblem {
  if (mediaType(type) !== 'message/external-body') return payloadProblem('unsupported', 0, 'The body is no message/external-body.');
  const accessType = type.parameters.get('access-type')?.toLowerCase() ?? '';
  if (accessType === '') return payloadProblem('missing', 0, 'The external body has no access-type.');
  // RFC 2017 §3.1: a long URL is broken by white space, which is no part of it.
  const url = type.parameters.get('url')?.replace(/\s/g, '') ?? '';
  if (accessType === 'url' && url === '') return payloadProblem('missing', 0, 'The external body has no URL.');
  const block = scanHeaderBlock(octets, 0);
  if (isPayloadProblem(block)) return block;
  const entity: MimeEntity = { mimeHeaders: block.fields, content: octets.subarray(block.end) };
  return {
    kind: 'external-body',
    accessType,
    ...(url === '' ? {} : { url }),
    ...readOptional(type.parameters),
    contentType: contentTypeOf(entity),
    parameters: type.parameters,
    ...entity,
  };
}

/** A size that is no number is as good as none. */
function readOptional(parameters: ReadonlyMap<string, string>): Pick<ExternalBody, 'expiration' | 'sizeOctets'> {
  const expiration = parameters.get('expiration') ?? '';
  const sizeOctets = readDecimal(parameters.get('size'));
  return {
    ...(expiration === '' ? {} : { expiration }),
    ...(sizeOctets === undefined ? {} : { sizeOctets }),
  };
}
