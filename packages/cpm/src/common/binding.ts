import type { Parameters, TransportName, Uri } from '@opencpm/sip';
import type { UserId } from './identifiers.ts';

/**
 * A registered contact of a user: one CPM Client, or a plain SIP client. Made by the registrar of the embedded core
 * or from registration events of an IMS core (8.1).
 */
export interface Binding {
  readonly owner: UserId;
  /** Names the client across registrations: instance and reg-id, else the contact. Key of delivery attempts. */
  readonly client: string;
  /** The Contact URI as registered. */
  readonly contact: Uri;
  /** Value of `+sip.instance` with angle brackets, when the client gave one. */
  readonly instance?: string;
  readonly publicGruu?: Uri;
  /** Route set towards the client (RFC 3327), as header values in order. */
  readonly path: readonly string[];
  /** Feature tags of the Contact, in order. */
  readonly features: Parameters;
  /** CPM services among the feature tags, decoded once. */
  readonly services: ReadonlySet<string>;
  readonly q: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly registeredAt: number;
  readonly transport: TransportName;
  /** The client did not answer or its flow is gone: counts as not registered until its next REGISTER or request. */
  readonly unreachable: boolean;
}

export function isLive(binding: Binding, now: number): boolean {
  return !binding.unreachable && binding.expiresAt > now;
}
