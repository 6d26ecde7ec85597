import type { Flow, Headers, HostPort, SipRequest, SipResponse } from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { CoreContext } from './core-context.ts';
import type { Routing } from './routing.ts';
import type { LocatedBinding } from './stored-binding.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** A REGISTER with who has shown his password for it and where it came from. */
export interface ReceivedRegister {
  readonly request: SipRequest;
  readonly user: StoredUser;
  readonly flow: Flow;
  readonly source: HostPort;
}

export interface RegistrarParts {
  readonly context: CoreContext;
  readonly routing: Routing;
  readonly trustedPeers: TrustedPeers;
}

/** What a REGISTER did: the answer, and the bindings that are new or refreshed. */
export interface Registered {
  readonly response: SipResponse;
  readonly registered: readonly LocatedBinding[];
}

export interface Refusal {
  readonly status: number;
  readonly headers?: Headers;
  /** Public text of a Warning. */
  readonly text?: string;
}
