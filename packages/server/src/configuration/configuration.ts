/**
 * What a server runs with: every default filled in, every path absolute, every duration in the unit of its name.
 * The file that an operator writes is described by schema.ts, which is also the source of docs/configuration.md.
 */
export interface Configuration {
  /** The SIP domain of all users, in lower case. */
  readonly domain: string;
  /** The digest realm; the domain when the file names none. */
  readonly realm: string;
  /** Algorithms of digest challenges, in the order in which they are offered. */
  readonly digest: readonly ('SHA-256' | 'MD5')[];
  /** In the order of the file; never empty. */
  readonly listen: readonly ListenAddress[];
  /** `sqlite:/absolute/path/opencpm.db` or `postgres://…`. */
  readonly storage: string;
  /** Present when this server is one of several on its database. */
  readonly cluster?: Cluster;
  readonly trustedPeers: readonly TrustedPeer[];
  readonly users: readonly ConfiguredUser[];
  /** Foreign domain in lower case → the SIP URI its requests are sent to. */
  readonly routes: { readonly [domain: string]: string };
  readonly dns: Dns;
  readonly policy: Policy;
  readonly limits: Limits;
  readonly webhook: Webhook;
  /** SIP URI of the Interworking Selection Function, when there is one. */
  readonly isf?: string;
  readonly http: Http;
  readonly records: Records;
  readonly log: Log;
  /** How long a server that is told to stop finishes what is under way. */
  readonly drainSeconds: number;
}

export interface ListenAddress {
  readonly transport: 'UDP' | 'TCP';
  /** An IPv4 or IPv6 address without brackets. */
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** How peers reach this address when that differs from what is bound (NAT, container, wildcard address). */
  readonly advertise?: { readonly host: string; readonly port: number };
}

export interface Cluster {
  /** The name of this node; no other one has it. */
  readonly node: string;
  /** Where the other nodes reach this one; TCP. */
  readonly listen: ListenAddress;
  /** After so long without a sign of life a node counts as dead. */
  readonly leaseSeconds: number;
}

export interface TrustedPeer {
  /** One IP address, or a network in CIDR notation. */
  readonly address: string;
}

export interface ConfiguredUser {
  readonly user: string;
  readonly password: string;
  /** SIP and tel URIs; `sip:user@domain` when empty. */
  readonly identities: readonly string[];
  /** True for demo users: nothing but a loopback address may act as them. */
  readonly loopbackOnly: boolean;
}

export interface Dns {
  /** Addresses with an optional port, as Node's resolver takes them; empty: those of the system. */
  readonly servers: readonly string[];
}

export interface Policy {
  readonly answerWithinSeconds: number;
  readonly undelivered: 'defer' | 'interwork' | 'reject';
  readonly plainClients: 'deliver' | 'ignore';
  readonly anonymity: 'allow' | 'refuse';
  readonly ownDeviceCopies: 'always' | 'never';
  readonly maxExpirySeconds: number;
  readonly expiryNotices: 'send' | 'none';
  /** The oldest CPM release that a client may speak; undefined when every one may. */
  readonly minRelease: { readonly major: number; readonly minor: number } | undefined;
  /** Whether a client that announces none is served when there is an oldest one. */
  readonly unknownRelease: 'accept' | 'refuse';
  /** The pause after a push that failed for now, doubled by each further one up to the longest. */
  readonly pushRetryFirstSeconds: number;
  readonly pushRetryMaxSeconds: number;
  readonly duplicateWindowSeconds: number;
}

export interface Limits {
  readonly bodyOctets: number;
  readonly bindingsPerUser: number;
  readonly deferredMessagesPerUser: number;
  readonly deferredOctetsPerUser: number;
  readonly duplicateKeysPerUser: number;
  readonly anonymousOriginatorsPerUser: number;
  readonly outboxRequestsPerUser: number;
  readonly storedObjectsPerUser: number;
  readonly storedOctetsPerUser: number;
  readonly rulesPerUser: number;
  readonly blockedContactsPerUser: number;
  readonly forwards: number;
  readonly udpRequestBytes: number;
  readonly registrationMinSeconds: number;
  readonly registrationMaxSeconds: number;
  readonly registrationDefaultSeconds: number;
  readonly pushInFlightPerClient: number;
  readonly pendingCommits: number;
  readonly malformedPerSecond: number;
  readonly unauthenticatedPerSecond: number;
  readonly eventLoopDelayMilliseconds: number;
}

export interface Webhook {
  /** Nobody is told out of band when absent. */
  readonly url?: string;
  readonly quietSeconds: number;
}

export interface Log {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** Absolute path; standard error when absent. */
  readonly file?: string;
  /** Shown as they are; else as short keyed hashes. */
  readonly addresses: boolean;
  readonly bodies: boolean;
}

export interface Http {
  /** Undefined when switched off. Port 0 means any free one. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
}

export interface Records {
  /** Absolute path; no records when absent. */
  readonly file?: string;
  readonly maxBytes: number;
  readonly maxAgeSeconds: number;
  /** Rotated files that stay. */
  readonly keep: number;
}
