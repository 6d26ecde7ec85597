import type { ClientAnswer } from '@opencpm/cpm';
import type { SipRequest } from '@opencpm/sip';
import type { LocatedBinding } from './stored-binding.ts';

/** How the core sends to clients whose flow another node has. */
export interface ClientsElsewhere {
  /** Never rejects. `branch` as for a client here. */
  send(request: SipRequest, binding: LocatedBinding, branch: string | undefined): Promise<ClientAnswer>;
}
