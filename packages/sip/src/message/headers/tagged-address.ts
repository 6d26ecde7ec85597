import { Malformed } from '../malformed.ts';
import { decodeNameAddr, encodeAddress, type NameAddr } from './name-addr.ts';

/** From or To. `parameters` are those other than the tag. */
export interface TaggedAddress extends NameAddr {
  readonly tag?: string;
}

export function decodeTaggedAddress(text: string): TaggedAddress | Malformed {
  const address = decodeNameAddr(text);
  if (address instanceof Malformed) return address;
  const tag = address.parameters.get('tag');
  if (tag === undefined) return address;
  if (tag === true) return new Malformed('a tag without a value');
  return { ...address, parameters: address.parameters.without('tag'), tag };
}

export function encodeTaggedAddress(address: TaggedAddress): string {
  const tag = address.tag === undefined ? '' : `;tag=${address.tag}`;
  return `${encodeAddress(address)}${address.parameters}${tag}`;
}
