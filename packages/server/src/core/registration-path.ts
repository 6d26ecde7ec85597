import { pathHeader, requireHeader, type SipRequest, supportedHeader } from '@opencpm/sip';
import type { ReceivedRegister } from './registration.ts';
import { edgeOf } from './stored-binding.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** More proxies than any request passes on its way here, and more octets than their flow tokens need. */
const maxHops = 16;
const maxPathOctets = 4096;

export interface RegistrationPath {
  /** Values of Path as they are sent in Route, topmost first. */
  readonly values: readonly string[];
  /** Requests go to the topmost one's host, and not over the flow that the REGISTER came on. */
  readonly isFollowed: boolean;
}

/**
 * The Path of a REGISTER (RFC 3327 §5.3). It is kept whether or not the client says that it knows of paths: a proxy
 * that has put it there could not be reached otherwise. Undefined when it is malformed or too long.
 *
 * Where it leads is believed of a trusted peer, and of anybody for his own host. Any other Path goes along as Route
 * over the flow that its client has shown his password on: a client must not be able to have requests sent elsewhere
 * (RFC 3327 §6).
 */
export function readPath({ request, source }: ReceivedRegister, trustedPeers: TrustedPeers): RegistrationPath | undefined {
  const path = request.headers.all(pathHeader);
  if (path.kind === 'absent') return { values: [], isFollowed: false };
  if (path.kind === 'malformed' || path.value.length > maxHops) return undefined;
  const values = path.value.map(pathHeader.encode);
  if (values.reduce((octets, value) => octets + value.length, 0) > maxPathOctets) return undefined;
  const edge = edgeOf(values);
  return { values, isFollowed: edge !== undefined && (trustedPeers.includes(source.host) || edge.host === source.host) };
}

/** Whether the client, or a proxy on its behalf, says that it knows that extension. */
export function supports(request: SipRequest, option: string): boolean {
  const named = [...(request.headers.all(supportedHeader).value ?? []), ...(request.headers.all(requireHeader).value ?? [])];
  return named.some((name) => name.toLowerCase() === option);
}
