import type { ReleasePolicy } from './common/release.ts';

/** What the operator decides; the configuration file sets it. Numbers are in the unit their name ends with. */
export interface ServiceProviderPolicy extends ReleasePolicy {
  /** How long a sender waits for one of the recipient's clients before the message is deferred (decision 43). */
  readonly answerWithinMilliseconds: number;
  /** What becomes of a message that no client took (B-8.3.1.1-25). */
  readonly undelivered: 'defer' | 'interwork' | 'reject';
  /** Whether a registered client without any CPM tag gets messages when no tagged one is live. */
  readonly plainClients: 'deliver' | 'ignore';
  readonly anonymity: 'allow' | 'refuse';
  /** Whether the other clients of a sender get a copy of what one of them has sent. */
  readonly ownDeviceCopies: 'always' | 'never';
  /** Maximum expiry time of a deferred message (B-8.3.1.6.1-08). */
  readonly maxExpirySeconds: number;
  /** Whether users are told of their messages that expired (B-8.3.1.6.8-04, -14). */
  readonly expiryNotices: 'send' | 'none';
  /** How many of a client's deferred messages are under way at once. */
  readonly pushInFlightPerClient: number;
  /** The pause after a deferred message that a client refused for now or did not answer; each further one doubles it. */
  readonly pushRetryFirstMilliseconds: number;
  /** The longest such pause, also when the client asks for a longer one. */
  readonly pushRetryMaxMilliseconds: number;
}
