import {
  type MessageUriId,
  messageUriId,
  negativeDeliveryNotification,
  notifiedOfDeferred,
  plainText,
  type QueueEntry,
  type QueueFault,
  readStandaloneMessage,
  type TerminatingContext,
  type UserId,
  userId,
} from '@opencpm/cpm';
import { octetsToText } from '@opencpm/sip';
import type { ClientAttempts, StoredUser } from '@opencpm/storage';
import { absentAdapters } from './adapters/absent-adapters.ts';
import type { BarredUsers } from './adapters/service-authorisation.ts';
import type { ActiveUserPreferences } from './adapters/user-preferences.ts';
import type {
  Administration,
  AdministrationResult,
  BindingSummary,
  NewUser,
  QueuedMessage,
  QueuedMessageClient,
  QueuedMessageSummary,
  ServerStatus,
  UserCredentials,
  UserSummary,
} from './administration.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { CoreContext } from './core/core-context.ts';
import { newUser } from './core/provision-users.ts';
import type { LocatedBinding } from './core/stored-binding.ts';
import { type DatabaseServices, isFault } from './database-services.ts';
import type { MessageStoreAdministration } from './message-store-administration.ts';
import { nodeSummaries } from './nodes/node-summaries.ts';
import { productVersion, type ServerPlatform } from './platform.ts';
import type { PreferencesAdministration } from './preferences-administration.ts';
import { ServerMessageStoreAdministration } from './server-message-store-administration.ts';
import { ServerPreferencesAdministration } from './server-preferences-administration.ts';

export interface AdministeredServer {
  readonly platform: ServerPlatform;
  readonly configuration: Configuration;
  readonly core: CoreContext;
  readonly services: DatabaseServices;
  readonly functions: TerminatingContext;
  readonly preferences: ActiveUserPreferences;
  readonly authorisation: BarredUsers;
  readonly startedAt: number;
  /** Empty when the database was opened without a server. */
  readonly listen: () => readonly string[];
}

/** How many messages of a user who is removed are read at once. */
const dropPageSize = 100;

/** The operator's view of a server, or of its database alone. */
export class ServerAdministration implements Administration {
  readonly preferences: PreferencesAdministration;
  readonly messageStore: MessageStoreAdministration;
  readonly #server: AdministeredServer;

  constructor(server: AdministeredServer) {
    this.#server = server;
    this.preferences = new ServerPreferencesAdministration({ ...server, rows: server.services.userPreferences });
    this.messageStore = new ServerMessageStoreAdministration(server.core.directory, server.services.messageObjects);
  }

  async status(): Promise<ServerStatus> {
    const { platform, configuration, core, services, startedAt, listen } = this.#server;
    const [deferred, owed, nodes] = await Promise.all([
      services.deferredMessages.count(),
      services.outbox.count(),
      nodeSummaries(services.database, platform.clock.now()),
    ]);
    return {
      version: productVersion,
      domain: configuration.domain,
      startedAt: instant(startedAt),
      listen: listen(),
      storage: { engine: services.database.engine, schema: services.schema },
      users: core.directory.size,
      bindings: core.location.size,
      unreachableBindings: core.location.unreachable,
      deferredMessages: isFault(deferred) ? -1 : deferred,
      outboxRows: isFault(owed) ? -1 : owed,
      absentAdapters: absentAdapters(configuration),
      ...(nodes === undefined ? {} : { nodes }),
    };
  }

  async users(): Promise<AdministrationResult<readonly UserSummary[]>> {
    const summaries: UserSummary[] = [];
    const all = [...this.#server.core.directory.all()].sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const user of all) {
      const summary = await this.#summaryOf(user);
      if (summary.kind !== 'done') return summary;
      summaries.push(summary.value);
    }
    return done(summaries);
  }

  async addUser(added: NewUser): Promise<AdministrationResult<UserSummary>> {
    const { core, configuration, platform } = this.#server;
    if (core.directory.byName(added.user) !== undefined) return { kind: 'refused', text: `There is a user ${added.user} already.` };
    const user = newUser({ ...added, loopbackOnly: false }, configuration, { hashes: platform.hashes }, userId(core.ids.unique()));
    const change = await core.directory.add({ ...user, source: 'database' }, platform.clock.now());
    if (change.kind === 'fault') return fault(change);
    if (change.kind === 'conflict') return { kind: 'refused', text: 'One of the identities is another user’s.' };
    return this.#summaryOf({ ...user, source: 'database' });
  }

  async removeUser(name: string): Promise<AdministrationResult<UserSummary>> {
    const { core } = this.#server;
    const user = core.directory.byName(name);
    if (user === undefined) return noUser(name);
    if (user.source === 'configuration' && this.#isConfigured(name)) {
      return { kind: 'refused', text: `The configuration file has user ${name}: remove it there.` };
    }
    const summary = await this.#summaryOf(user);
    const dropped = await this.#dropQueue(user.owner);
    if (dropped !== undefined) return fault(dropped);
    const problem = await core.directory.remove(user);
    if (problem !== undefined) return fault(problem);
    core.location.forget(user.owner);
    this.#server.preferences.forget(user.owner);
    this.#server.authorisation.forget(user.owner);
    return summary;
  }

  /** Senders who asked learn that their messages will not be delivered. */
  async #dropQueue(owner: UserId): Promise<QueueFault | undefined> {
    const { deferredMessages } = this.#server.services;
    for (;;) {
      const entries = await deferredMessages.list(owner, dropPageSize);
      if (isFault(entries)) return entries;
      if (entries.length === 0) return undefined;
      for (const entry of entries) {
        const removed = await this.#drop(entry);
        if (isFault(removed)) return removed;
      }
    }
  }

  async #drop(entry: QueueEntry): Promise<boolean | QueueFault> {
    const { services, functions, platform } = this.#server;
    const notified = notifiedOfDeferred(entry, readStandaloneMessage(entry.request));
    const owed = negativeDeliveryNotification(notified, platform.clock.now(), functions);
    const removed = await services.deferredMessages.remove(entry.owner, entry.id, owed === undefined ? [] : [owed]);
    if (removed === true && owed !== undefined) functions.ports.outbox.wake();
    return removed;
  }

  #isConfigured(name: string): boolean {
    return this.#server.configuration.users.some(({ user }) => user === name);
  }

  async credentials(name: string): Promise<AdministrationResult<UserCredentials>> {
    const user = this.#server.core.directory.byName(name);
    if (user === undefined) return noUser(name);
    const { realm, ha1, identities } = user;
    return done({ user: name, realm, ha1, identities: identities.map(({ uri }) => uri), listen: this.#server.listen() });
  }

  async queue(filter: { readonly user?: string; readonly limit: number }): Promise<AdministrationResult<readonly QueuedMessageSummary[]>> {
    const { core, services } = this.#server;
    const user = filter.user === undefined ? undefined : core.directory.byName(filter.user);
    if (filter.user !== undefined && user === undefined) return noUser(filter.user);
    const entries = await services.deferredMessages.list(user?.owner, filter.limit);
    if (isFault(entries)) return fault(entries);
    const summaries: QueuedMessageSummary[] = [];
    for (const entry of entries) {
      const summary = await this.#queued(entry);
      if (summary.kind !== 'done') return summary;
      summaries.push(summary.value);
    }
    return done(summaries);
  }

  async queuedMessage(id: string): Promise<AdministrationResult<QueuedMessage>> {
    const entry = await this.#entry(messageUriId(id));
    if (entry.kind !== 'done') return entry;
    const summary = await this.#queued(entry.value);
    return summary.kind === 'done' ? done({ ...summary.value, ...contentOf(entry.value) }) : summary;
  }

  async dropQueuedMessage(id: string): Promise<AdministrationResult<QueuedMessageSummary>> {
    const entry = await this.#entry(messageUriId(id));
    if (entry.kind !== 'done') return entry;
    const summary = await this.#queued(entry.value);
    const removed = await this.#drop(entry.value);
    if (isFault(removed)) return fault(removed);
    return removed ? summary : noMessage(id);
  }

  async #entry(id: MessageUriId): Promise<AdministrationResult<QueueEntry>> {
    const entry = await this.#server.services.deferredMessages.find(id);
    if (isFault(entry)) return fault(entry);
    return entry === undefined ? noMessage(id) : done(entry);
  }

  async #queued(entry: QueueEntry): Promise<AdministrationResult<QueuedMessageSummary>> {
    const clients = await this.#server.services.deferredMessages.attempts(entry.owner, entry.id);
    if (isFault(clients)) return fault(clients);
    return done({
      messageUriId: entry.id,
      user: this.#server.core.directory.byOwner(entry.owner)?.name ?? '',
      ...(entry.anonymous || entry.originator === undefined ? {} : { from: entry.originator }),
      arrivedAt: instant(entry.arrivedAt),
      expiresAt: instant(entry.expiresAt),
      sizeOctets: entry.request.body.length,
      mode: entry.mode,
      attempts: clients.reduce((sum, { attempts }) => sum + attempts, 0),
      clients: clients.map(queuedMessageClient),
    });
  }

  async #summaryOf(user: StoredUser): Promise<AdministrationResult<UserSummary>> {
    const { core, services } = this.#server;
    const waiting = await services.deferredMessages.count(user.owner);
    if (isFault(waiting)) return fault(waiting);
    const bindings = core.location.of(user.owner).map(bindingSummary);
    return done({ user: user.name, identities: user.identities.map(({ uri }) => uri), source: user.source, bindings, waiting });
  }
}

function bindingSummary(binding: LocatedBinding): BindingSummary {
  const { stored } = binding;
  return {
    contact: stored.contact,
    ...(binding.instance === undefined ? {} : { instance: binding.instance }),
    transport: binding.transport,
    source: `${stored.remote.host}:${stored.remote.port}`,
    expiresAt: instant(binding.expiresAt),
    unreachable: binding.unreachable,
    features: [...binding.services],
  };
}

function queuedMessageClient({ client, attempts, refusal }: ClientAttempts): QueuedMessageClient {
  const { status, retryAt, refusedBy } = refusal;
  return {
    client,
    attempts,
    ...(status === undefined ? {} : { status }),
    ...(refusedBy === undefined ? { nextTryAt: instant(retryAt) } : {}),
  };
}

function contentOf(entry: QueueEntry): Pick<QueuedMessage, 'conversationId' | 'contributionId' | 'imdnMessageId' | 'contentType' | 'text'> {
  const text = plainText(readStandaloneMessage(entry.request));
  return {
    ...(entry.conversationId === undefined ? {} : { conversationId: entry.conversationId }),
    ...(entry.contributionId === undefined ? {} : { contributionId: entry.contributionId }),
    ...(entry.messageId === undefined ? {} : { imdnMessageId: entry.messageId }),
    contentType: octetsToText(entry.request.headers.text('Content-Type') ?? ''),
    ...(text === undefined ? {} : { text: new TextDecoder().decode(text.octets) }),
  };
}

function done<T>(value: T): AdministrationResult<T> {
  return { kind: 'done', value };
}

function fault({ reason, temporary }: QueueFault): { readonly kind: 'fault'; readonly text: string; readonly temporary: boolean } {
  return { kind: 'fault', text: reason, temporary };
}

function noUser(name: string): { readonly kind: 'not-found'; readonly text: string } {
  return { kind: 'not-found', text: `There is no user ${name}.` };
}

function noMessage(id: string): { readonly kind: 'not-found'; readonly text: string } {
  return { kind: 'not-found', text: `No message ${id} waits.` };
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
