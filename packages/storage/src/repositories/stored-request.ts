import { parseMessage, type SipRequest, serializeMessage } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';

/** A SIP request as it is kept in a row: its wire form, as far as it is stored. */
export function requestToOctets(request: SipRequest): Uint8Array {
  return serializeMessage(request, nodeOctets);
}

/** Throws when the octets are not a request: nobody but `requestToOctets` writes that column. */
export function requestFromOctets(octets: Uint8Array): SipRequest {
  const parsed = parseMessage(octets, nodeOctets);
  if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new TypeError('the stored request does not parse');
  return parsed.message;
}
