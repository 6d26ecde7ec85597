import { Malformed } from '../malformed.ts';
import { decodeNameAddr, encodeAddress, type NameAddr } from './name-addr.ts';

/** From or To. `parameters` are those other than the tag. */
export interface TaggedAddress extends NameAddr {
  readonly tag?: string | undefined;
}

export function decodeTaggedAddress(text: string): TaggedAddress | Malformed {
  const address = decodeNameAddr(text);
  if (address instanceof Malformed) return address;
  const { displayName, uri, parameters } = address;
  if (parameters.entries.length === 0) return { displayName, uri, parameters, tag: undefined };
  const tag = parameters.get('tag');
  if (tag === true) return new Malformed('a tag without a value');
  return { displayName, uri, parameters: parameters.without('tag'), tag };
}

export function encodeTaggedAddress(address: TaggedAddress): string {
  const tag = address.tag === undefined ? '' : `;tag=${address.tag}`;
  return `${encodeAddress(address)}${address.parameters}${tag}`;
}
