import type { AdministrationResult } from './administration-result.ts';
import type { MessageStoreAdministration } from './message-store-administration.ts';
import type { PreferencesAdministration } from './preferences-administration.ts';

export type { AdministrationResult } from './administration-result.ts';

/**
 * What an operator can ask of a server, running or not: the HTTP API on the unix socket and the command line both
 * speak in these terms. Everything is plain JSON (times in ISO 8601 UTC).
 */
export interface Administration {
  /** Rules and lists of users. */
  readonly preferences: PreferencesAdministration;
  /** What was recorded for users. */
  readonly messageStore: MessageStoreAdministration;
  status(): Promise<ServerStatus>;
  users(): Promise<AdministrationResult<readonly UserSummary[]>>;
  addUser(user: NewUser): Promise<AdministrationResult<UserSummary>>;
  /** Removes the user with bindings and queue; messages of his that wait for others stay. */
  removeUser(name: string): Promise<AdministrationResult<UserSummary>>;
  /** What a client on this machine needs to act as that user; given out on the unix socket only. */
  credentials(name: string): Promise<AdministrationResult<UserCredentials>>;
  /** Deferred messages, oldest first, of one user or of all. */
  queue(filter: { readonly user?: string; readonly limit: number }): Promise<AdministrationResult<readonly QueuedMessageSummary[]>>;
  queuedMessage(messageUriId: string): Promise<AdministrationResult<QueuedMessage>>;
  /** Takes a message out of the queue by the operator's will; the sender gets the negative notification he asked for. */
  dropQueuedMessage(messageUriId: string): Promise<AdministrationResult<QueuedMessageSummary>>;
}

export interface ServerStatus {
  readonly version: string;
  readonly domain: string;
  readonly startedAt: string;
  /** As bound: `udp://127.0.0.1:5060`. Empty when no server runs and the database was opened instead. */
  readonly listen: readonly string[];
  readonly storage: { readonly engine: 'sqlite' | 'postgres'; readonly schema: number };
  readonly users: number;
  readonly bindings: number;
  /** Of the bindings: clients that did not answer or whose connection is gone, until they are heard of. */
  readonly unreachableBindings: number;
  readonly deferredMessages: number;
  readonly outboxRows: number;
  /** Steps of the specification whose adapter is not there, by port name: what the server does instead. */
  readonly absentAdapters: readonly { readonly port: string; readonly instead: string }[];
  /** Those that have ever been on this database, by name; none for a server that has it for itself. Absent when the database did not answer. */
  readonly nodes?: readonly NodeSummary[];
}

/** One of several servers on a database. */
export interface NodeSummary {
  readonly name: string;
  /** `gone`: its lease ran out, as after a crash, and others have its clients or take them. `stopped`: it has left by itself. */
  readonly state: 'alive' | 'gone' | 'stopped';
  /** When its process started, by its own clock; absent once others have taken over. */
  readonly since?: string;
  /** By the clock of the database; of a node that is gone, when it ended. Absent for one that has left. */
  readonly leaseUntil?: string;
  /** Registered clients whose flow it has. */
  readonly bindings: number;
}

export interface NewUser {
  readonly user: string;
  readonly password: string;
  /** SIP or tel URIs; `sip:user@domain` when empty. */
  readonly identities: readonly string[];
}

export interface UserSummary {
  readonly user: string;
  readonly identities: readonly string[];
  readonly source: 'configuration' | 'database' | 'demo';
  readonly bindings: readonly BindingSummary[];
  readonly waiting: number;
}

export interface BindingSummary {
  readonly contact: string;
  readonly instance?: string;
  readonly transport: string;
  readonly source: string;
  readonly expiresAt: string;
  readonly unreachable: boolean;
  readonly features: readonly string[];
}

export interface UserCredentials {
  readonly user: string;
  readonly realm: string;
  /** H(username:realm:password) as lower-case hexadecimal, by algorithm (RFC 7616 §3.4.2). */
  readonly ha1: { readonly MD5: string; readonly 'SHA-256': string };
  readonly identities: readonly string[];
  /** Where this server listens, first the one to use: `udp://127.0.0.1:5060`. */
  readonly listen: readonly string[];
}

export interface QueuedMessageSummary {
  readonly messageUriId: string;
  readonly user: string;
  /** Absent when the sender asked for anonymity. */
  readonly from?: string;
  readonly arrivedAt: string;
  readonly expiresAt: string;
  readonly sizeOctets: number;
  readonly mode: 'pager';
  /** Pushes that ended without a 2xx, of all clients together. */
  readonly attempts: number;
  /** The clients that did not take it, in the order of their names; none that was not asked. */
  readonly clients: readonly QueuedMessageClient[];
}

/** What one client made of a waiting message. */
export interface QueuedMessageClient {
  /** Its instance, else its Contact. */
  readonly client: string;
  readonly attempts: number;
  /** Status of its last answer; absent when it was silent, 0 when nothing could be sent. */
  readonly status?: number;
  /** When it is tried next; absent when the client has refused for good: then not before its registration changes. */
  readonly nextTryAt?: string;
}

export interface QueuedMessage extends QueuedMessageSummary {
  readonly conversationId?: string;
  readonly contributionId?: string;
  readonly imdnMessageId?: string;
  readonly contentType: string;
  /** The text when the content is text, for the operator who asked for this one message. */
  readonly text?: string;
}
