import type { ContentType } from './content-type.ts';
import { mediaType } from './content-type.ts';
import { parseCpim } from './cpim.ts';
import type { Imdn } from './imdn.ts';
import { parseImdn } from './imdn.ts';
import type { MimeEntity } from './mime-entity.ts';
import { contentTypeOf } from './mime-entity.ts';
import { leafEntities } from './multipart.ts';
import type { PayloadProblem } from './problem.ts';
import { isPayloadProblem } from './problem.ts';

/** All notifications of one body. A document that cannot be read does not take the others with it. */
export interface ImdnReading {
  readonly imdns: readonly Imdn[];
  readonly problems: readonly PayloadProblem[];
}

/**
 * Reads one message/imdn+xml document or an aggregate of them: a multipart (RFC 5438) whose parts are such
 * documents, bare or each within its message/cpim. Parts of other types are passed over.
 */
export function parseImdns(type: ContentType, octets: Uint8Array): ImdnReading {
  const leaves = leafEntities(type, octets);
  if (isPayloadProblem(leaves)) return { imdns: [], problems: [leaves] };
  const read = leaves.flatMap((leaf) => readLeaf(leaf.type, leaf.content));
  return {
    imdns: read.filter((result) => result.kind === 'imdn'),
    problems: read.filter((result) => result.kind === 'payload-problem'),
  };
}

function readLeaf(type: ContentType, octets: Uint8Array): (Imdn | PayloadProblem)[] {
  if (mediaType(type) === 'message/imdn+xml') return [parseImdn(octets)];
  if (mediaType(type) !== 'message/cpim') return [];
  const wrapped = parseCpim(octets);
  return isPayloadProblem(wrapped) ? [wrapped] : readWrapped(wrapped);
}

function readWrapped(entity: MimeEntity): (Imdn | PayloadProblem)[] {
  return mediaType(contentTypeOf(entity)) === 'message/imdn+xml' ? [parseImdn(entity.content)] : [];
}
