import { formatUri, type SipRequest } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { isPlain } from './suitable-clients.ts';

/**
 * Names the one client that a request is for (6.1.2, decision 18, B-8.3.1.1-20): Request-URI is its public GRUU. A CPM
 * client without one is named by its instance beside the user's address. A plain client is found by its binding alone.
 */
export function addressedToDevice(request: SipRequest, client: Binding): SipRequest {
  if (client.publicGruu !== undefined) return { ...request, uri: formatUri(client.publicGruu) };
  if (client.instance === undefined || isPlain(client)) return request;
  return { ...request, headers: request.headers.append('Accept-Contact', `*;+sip.instance="${client.instance}";require;explicit`) };
}
