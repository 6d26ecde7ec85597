/** The order of the addresses of one host. */
import { isIpv4 } from '../uri/host.ts';

export type AddressFamily = 'IPv4' | 'IPv6';

const bothFamilies: readonly AddressFamily[] = ['IPv4', 'IPv6'];

/**
 * Families by turns, so that a host whose one family is broken is found after one attempt (RFC 6555 §4, RFC 7984 §4);
 * within a family as the resolver told. Families that are not named come last: a connection may still reach them.
 */
export function preferFamilies(addresses: readonly string[], families: readonly AddressFamily[] = bothFamilies): readonly string[] {
  const distinct = [...new Set(addresses)];
  const named = families.map((family) => distinct.filter((address) => familyOf(address) === family));
  const others = distinct.filter((address) => !families.includes(familyOf(address)));
  return [...byTurns(named), ...others];
}

export function familyOf(address: string): AddressFamily {
  return isIpv4(address) ? 'IPv4' : 'IPv6';
}

function byTurns(lists: readonly (readonly string[])[]): readonly string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
}
