import type {
  AnonymousOriginators,
  Charging,
  Clock,
  ContentCodings,
  DeferredMessageQueue,
  Diagnostics,
  ExpiryWatch,
  Ids,
  Isf,
  Outbox,
  OutOfBandNotifier,
  Pushes,
  RecentMessages,
  Recording,
  Registrations,
  ServiceAuthorisation,
  SipCore,
  UserPreferences,
} from '../ports.ts';

/** What the terminating Participating Function and the deferred message queue call. */
export interface TerminatingPorts {
  readonly sipCore: SipCore;
  readonly registrations: Registrations;
  readonly preferences: UserPreferences;
  readonly recording: Recording;
  readonly isf: Isf;
  readonly deferredQueue: DeferredMessageQueue;
  readonly anonymousOriginators: AnonymousOriginators;
  readonly expiryWatch: ExpiryWatch;
  readonly outbox: Outbox;
  readonly pushes: Pushes;
  readonly outOfBand: OutOfBandNotifier;
  readonly recentMessages: RecentMessages;
  readonly charging: Charging;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly contentCodings: ContentCodings;
  readonly diagnostics: Diagnostics;
}

/** What the originating Participating Function calls. */
export interface OriginatingPorts {
  readonly sipCore: SipCore;
  readonly authorisation: ServiceAuthorisation;
  readonly registrations: Registrations;
  readonly diagnostics: Diagnostics;
  readonly preferences: UserPreferences;
  readonly recording: Recording;
  readonly isf: Isf;
  readonly anonymousOriginators: AnonymousOriginators;
  readonly outbox: Outbox;
  readonly charging: Charging;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly contentCodings: ContentCodings;
}
