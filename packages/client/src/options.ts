import type { HostPort, TransportName } from '@opencpm/sip';
import type { CpmService } from './cpm.ts';

export interface ClientOptions {
  /** The address of record, such as `sip:alice@example.net` or `tel:+15550001`. */
  readonly identity: string;
  /** For digest; the user part of the identity when left out. */
  readonly username?: string;
  /** One of `password` and `ha1` is needed where the server asks for digest. */
  readonly password?: string;
  /** H(username:realm:password) by algorithm: what a server keeps instead of the password. */
  readonly ha1?: { readonly MD5: string; readonly 'SHA-256': string; readonly realm: string };
  readonly server: { readonly transport: TransportName; readonly host: string; readonly port: number };
  /** What REGISTER is sent to; when left out the host of the identity, for a tel URI that of the server. */
  readonly domain?: string;
  /** Where the client listens. Left out: a free port on the address from which the server is reached. */
  readonly local?: HostPort;
  /** `<urn:uuid:…>` (RFC 5626 §4.1), the same at every start of one device; a random one when left out. */
  readonly instanceId?: string;
  /** What the client is registered for; `msg` and `deferred` when left out. */
  readonly services?: readonly CpmService[];
  /** What is asked for; the server may give less. 3600 when left out. */
  readonly registrationExpiresSeconds?: number;
  /** Stands behind the release token in User-Agent and Server, such as `Example/1.0`. */
  readonly product?: string;
  /** `automatic`, as when left out: the delivery notification goes out by itself when it was asked for. */
  readonly deliveryNotifications?: 'automatic' | 'manual';
  /** `server`, as when left out: requests from anywhere else are answered 403. */
  readonly acceptFrom?: 'server' | 'anybody';
  readonly log?: (event: ClientEvent) => void;
}

/** What happens beside the messages, for logs. Reasons are in words and hold nothing of a message's content. */
export type ClientEvent =
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'foreign-request'; readonly source: HostPort; readonly method: string }
  /** Nobody can connect to this client: what is too long for a datagram may not reach it. */
  | { readonly kind: 'no-connections'; readonly reason: string }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'duplicate'; readonly from: string; readonly messageId: string }
  | { readonly kind: 'not-shown'; readonly reason: string }
  | { readonly kind: 'flow-lost'; readonly reason: string }
  | { readonly kind: 'registration-retry'; readonly inMilliseconds: number; readonly reason: string }
  | { readonly kind: 'notification-retry'; readonly messageId: string; readonly inMilliseconds: number; readonly reason: string };
