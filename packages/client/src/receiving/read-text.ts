import { type ContentType, isPayloadProblem, leafEntities } from '@opencpm/payloads';

/** The text of a content, of a multipart its first one; undefined when there is none. Octets that are no text become U+FFFD. */
export function readText(type: ContentType, octets: Uint8Array): string | undefined {
  if (type.type === 'text') return decodeText(type, octets);
  if (type.type !== 'multipart') return undefined;
  const leaves = leafEntities(type, octets);
  const first = isPayloadProblem(leaves) ? undefined : leaves.find((leaf) => leaf.type.type === 'text');
  return first === undefined ? undefined : decodeText(first.type, first.content);
}

const utf8 = new TextDecoder('utf-8');
const latin1Names: ReadonlySet<string> = new Set(['iso-8859-1', 'latin1']);

/** RFC 3428 §9 has UTF-8 for MESSAGE; ISO 8859-1 is met. */
function decodeText({ parameters }: ContentType, octets: Uint8Array): string {
  if (!latin1Names.has(parameters.get('charset')?.toLowerCase() ?? '')) return utf8.decode(octets);
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
}
