import type { MsginfoMessage } from '@opencpm/payloads';
import type { SipRequest, SipResponse } from '@opencpm/sip';
import type { Binding } from './common/binding.ts';
import type { ConversationId, MessageId, MessageUriId, UserId } from './common/identifiers.ts';
import type { PushOccasion } from './participating/deferred/client-refusal.ts';
import type { ClientRefusal, DeferredMessage, QueuedDelivery, QueueEntry } from './participating/deferred/deferred-message.ts';
import type { PushOutcome } from './participating/deferred/push-outcome.ts';
import type { Preferences } from './preferences/preferences.ts';
import type { MessageDirection, MessageObject } from './recording/message-object.ts';

/**
 * Everything that the CPM functions need from outside, one interface each. `storage` implements what is kept,
 * `server` implements the core and wires the rest; an absent adapter says so (`AdapterAbsent`) and the service
 * provider policy decides what happens instead (decision 45).
 */

/** A visit of a function on the way of one request: the same pair twice is a loop (482). */
export interface Hop {
  readonly user: UserId;
  readonly case: 'originating' | 'terminating';
}

/** A request as a function gets it: for whom, after which visits, arrived when (milliseconds since the epoch). */
export interface ServedRequest {
  readonly request: SipRequest;
  readonly servedUser: UserId;
  readonly hops: readonly Hop[];
  readonly arrivedAt: number;
  /** Binding.client of the served user's clients of which one has sent this; empty when none of those registered did. */
  readonly sendingClients?: readonly string[];
  /** `+sip.instance` of the one device that the Request-URI, a GRUU, names. */
  readonly device?: string;
}

/** What became of a request sent to one client. */
export type ClientAnswer =
  | { readonly kind: 'answered'; readonly response: SipResponse }
  /** The binding is no longer there: de-registered, expired or taken away while the request was on its way here. */
  | { readonly kind: 'not-registered' }
  /** No final response within Timer F, or the flow is gone: the binding counts as unreachable now. `untried`: no octet was sent. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly untried?: boolean }
  /** Not sent: too large for every way to this client, or a limit of this server. */
  | { readonly kind: 'not-sent'; readonly reason: string };

/** Names under which a stored message goes out, the same after a crash: so a replay is a retransmission. */
export interface DeliveryNames {
  readonly callId: string;
  readonly fromTag: string;
  readonly branch: string;
  readonly sequence: number;
}

export interface SipCore {
  /** Sends a request onward: who serves its Request-URI decides. Never rejects; a failure is a response. */
  onward(request: SipRequest, hops: readonly Hop[]): Promise<SipResponse>;
  /** Sends a request to one registered client, with no function in between. `branch` fixes the transaction's name. */
  toClient(binding: Binding, request: SipRequest, branch?: string): Promise<ClientAnswer>;
}

/** Bindings of a user as the core or its registration events tell (8.1). Read from memory: part of the hot path. */
export interface Registrations {
  of(user: UserId): readonly Binding[];
}

export interface ServiceAuthorisation {
  /** May this user send standalone messages? (E-8.2.1.2-01 by analogy) */
  mayOriginate(user: UserId): boolean;
}

/** The answer of a port whose adapter is not there. */
export interface AdapterAbsent {
  readonly kind: 'absent';
  readonly port: string;
}

export interface UserPreferences {
  /** Rules and lists of a user (8.4.1); the last good copy when they cannot be read, never a reason to refuse. */
  of(user: UserId): Promise<Preferences>;
}

/** Recording of the conversation history (8.5) and storing instead of delivering (B-8.3.1.1-10). */
export interface Recording {
  /** Whoever records says of the copy, once, what became of the message. */
  record(user: UserId, request: SipRequest, direction: MessageDirection): Promise<RecordingOutcome>;
  /** Stores instead of delivering, without the delivery request, which it answers (B-8.3.1.1-09 to -11, decision 33). */
  store(user: UserId, request: SipRequest): Promise<StoringOutcome>;
}

export type RecordingOutcome =
  | { readonly kind: 'recorded'; readonly copy: RecordedCopy }
  | { readonly kind: 'failed'; readonly reason: string }
  | AdapterAbsent;

export type StoringOutcome = { readonly kind: 'stored' } | Exclude<RecordingOutcome, { readonly kind: 'recorded' }>;

/** An object of the user's message store that a request under way names, one handle for each recording. */
export interface RecordedCopy {
  readonly uid: number;
  /** The message was accepted: the object stays. */
  keep(): void;
  /**
   * This request was accepted by nobody (B-8.3.1.1-28, B-8.3.1.6.6-11): the object goes unless another request under way
   * names it, an accepted one has named it, or it was there before. `waiting`: the message is in the queue under that id;
   * once it is not, somebody has got it and the object stays.
   */
  remove(waiting?: MessageUriId): Promise<void>;
}

/** The Message Storage Server as the functions use it: objects of users, each under a UID that no other object of that user ever has. */
export interface MessageStore {
  /**
   * Resolves when durable, with what is owed because of it. An object that is there already (by its key) keeps its UID
   * and owes nothing again: `there`.
   */
  store(
    object: MessageObject,
    owed: readonly OwedRequest[],
  ): Promise<{ readonly kind: 'stored' | 'there'; readonly uid: number } | { readonly kind: 'full' } | QueueFault>;
  /** False when there is no such object, and when a message of that id no longer waits in the queue: then nothing is removed. */
  remove(owner: UserId, uid: number, waiting?: MessageUriId): Promise<boolean | QueueFault>;
}

/** The Interworking Selection Function (6.5). */
export interface Isf {
  interwork(request: SipRequest): Promise<{ readonly kind: 'answered'; readonly response: SipResponse } | AdapterAbsent>;
}

/** A notice about a deferred message: that it waits (Appendix I.1.1), or what became of it after its expiry (I.2). */
export interface OutOfBandNotice {
  readonly kind: 'waiting' | 'expired';
  readonly message: MsginfoMessage;
}

/** Tells a user of deferred messages by another way than SIP. A courtesy: nobody waits for it, and it may fail. */
export interface OutOfBandNotifier {
  notify(user: UserId, notice: OutOfBandNotice): void;
}

export interface Charging {
  /** One record per outcome; must not block. */
  outcome(record: OutcomeRecord): void;
}

export interface OutcomeRecord {
  readonly servedUser: UserId;
  readonly case: 'originating' | 'terminating' | 'deferred';
  readonly status: number;
  readonly outcome: 'delivered' | 'deferred' | 'forwarded' | 'interworked' | 'stored' | 'duplicate' | 'refused' | 'pushed' | 'expired';
  /** The message as the function had it, not a copy: whoever writes the record down reads from it what he needs. */
  readonly request: SipRequest;
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number;
}

export type QueueFault = { readonly kind: 'fault'; readonly temporary: boolean; readonly reason: string };

/** Unsent requests that follow from something durable are rows too: what a crash interrupts is sent again. */
export interface OwedRequest {
  /** Unique; the request's Call-ID, tag and branch derive from it. */
  readonly id: string;
  readonly owner: UserId;
  readonly request: SipRequest;
  /** Given up after that time, milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface WaitingRange {
  /** Binding.client of the client that is to get them. */
  readonly client: string;
  readonly now: number;
  /** Continue behind this position. */
  readonly after?: number;
  readonly limit: number;
}

/** A request with a message of the queue that did not end with a 2xx. */
export interface FailedAttempt {
  readonly owner: UserId;
  readonly id: MessageUriId;
  /** Binding.client. */
  readonly client: string;
  readonly refusal: ClientRefusal;
  /** It was a push: the next one gets new names. */
  readonly nextAttempt: boolean;
}

/** What the clients have made of a waiting message so far; a client without an entry has not been asked. */
export interface WaitingMessage {
  readonly id: MessageUriId;
  readonly attempts: ReadonlyMap<string, Pick<QueuedDelivery, 'attempt' | 'refusal'>>;
}

export interface DeferredMessageQueue {
  /** Resolves when durable. `duplicate`: the same message of the same originator was stored within the window. */
  store(
    message: DeferredMessage,
  ): Promise<{ readonly kind: 'stored' } | { readonly kind: 'duplicate' } | { readonly kind: 'full' } | QueueFault>;
  /** Messages that wait for a user, in the order of their commits, not expired, with the attempt that comes next for that client. */
  waiting(owner: UserId, range: WaitingRange): Promise<readonly QueuedDelivery[] | QueueFault>;
  /** The newest messages of a conversation that wait for a user (no notifications), not expired. Cheap when nothing waits for him. */
  waitingInConversation(owner: UserId, conversation: ConversationId, now: number): Promise<readonly WaitingMessage[] | QueueFault>;
  /** Nothing happens for a message that is gone. */
  attemptFailed(failed: FailedAttempt): Promise<QueueFault | undefined>;
  /** Removes a message and, in the same commit, stores what is owed because of that. False when it was gone. */
  remove(owner: UserId, id: MessageUriId, owed: readonly OwedRequest[]): Promise<boolean | QueueFault>;
  /** Messages whose expiry time has come, oldest first, behind that one. */
  expired(now: number, limit: number, after?: QueueEntry): Promise<readonly QueueEntry[] | QueueFault>;
  /** The next expiry time after that one, undefined when nothing waits so long. */
  nextExpiry(after: number): Promise<number | undefined | QueueFault>;
}

/** Who sent a message anonymously: what its notifications need to find him, and nothing else (decision 34). */
export interface AnonymousOriginator {
  readonly recipient: UserId;
  readonly messageId: MessageId;
  /** Canonical address. */
  readonly originator: string;
  /** Forgotten then, milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface AnonymousOriginators {
  /** Resolves when durable. An id that the recipient has from somebody else stays his until it expires. */
  remember(entry: AnonymousOriginator, now: number): Promise<QueueFault | undefined>;
  /** The originator's address; undefined when this recipient got no such message, or too long ago. */
  find(recipient: UserId, messageId: MessageId, now: number): Promise<string | undefined | QueueFault>;
}

export interface Outbox {
  /** Resolves when durable; sending starts on its own. */
  owe(request: OwedRequest): Promise<QueueFault | undefined>;
  /** Something was stored as owed in another commit: it may be sent. */
  wake(): void;
}

/** Messages handled lately, by duplicate key, with the status they were answered; bounded, in memory. */
export interface RecentMessages {
  /** The status, or that it is on its way; undefined for a message that is new. */
  find(key: string, now: number): number | Promise<number> | undefined;
  /** Forgets by itself what is not accepted: a refused message may come again. */
  remember(key: string, status: Promise<number>, now: number): void;
}

/** Has the expiry of deferred messages handled when it is due (B-8.3.1.6.1-10). */
export interface ExpiryWatch {
  /** A message expires then, milliseconds since the epoch. */
  expect(expiresAt: number): void;
}

export interface Pushes {
  /** Starts pushing what waits for this client, or does so once more after the push that is under way; answers at once. */
  request(owner: UserId, binding: Binding, occasion: PushOccasion): void;
  /**
   * The message is still on its way to that client by a request that has gone unanswered: until `ended` it is not pushed
   * to the same contact as well, which would be another request, and it does not expire. Then the client is pushed to if it
   * is registered.
   */
  hold(id: MessageUriId, client: Binding, ended: Promise<unknown>): void;
  /** Also when another node sends it there by this one: then by the id that its sender gave it. */
  holds(message: Pick<QueueEntry, 'id' | 'contributionId'>, client: Binding): boolean;
  /** The message is on its way to a client until `ended`: its expiry waits for that. */
  underWay(id: MessageUriId, ended: Promise<unknown>): void;
  isUnderWay(id: MessageUriId): boolean;
  /** A push has got its answer, or none: for metrics. */
  ended(outcome: PushOutcome): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves with `true` at that time, or with `false` when cancelled. */
  wait(untilMilliseconds: number): { readonly over: Promise<boolean>; cancel(): void };
}

/** Content codings (RFC 3261 §20.12) as the platform has them; some clients deflate what they send. */
export interface ContentCodings {
  /** For Accept-Encoding. */
  readonly names: readonly string[];
  /** Undefined when the coding is not known, the octets are not that, or what comes out is above the limit for bodies. */
  decode(coding: string, octets: Uint8Array): Uint8Array | undefined;
}

export interface Ids {
  /** 32 lower-case hexadecimal digits of 128 random bits. */
  unique(): string;
  /** A random UUID. */
  uuid(): string;
  /** A SIP tag. */
  tag(): string;
  /** Time-ordered within this process, with 128 random bits: sorts as it was made. */
  ordered(now: number): string;
  /** Names of one delivery attempt, the same for the same arguments in every process on this database. */
  deliveryNames(subject: string, client: string, attempt: number): DeliveryNames;
}

/** Where things are written that an operator should see; never a body, never an address. */
export interface Diagnostics {
  /** `request`: the message that it is about, for its ids. */
  fault(where: string, reason: string, request?: SipRequest): void;
}
