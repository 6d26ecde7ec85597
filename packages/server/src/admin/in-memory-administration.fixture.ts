import type {
  Administration,
  AdministrationResult,
  NewUser,
  NodeSummary,
  QueuedMessage,
  QueuedMessageSummary,
  ServerStatus,
  UserSummary,
} from '../administration.ts';
import type { StoredMessage } from '../message-store-administration.ts';
import { InMemoryMessageStore } from './in-memory-message-store.fixture.ts';
import { InMemoryPreferences } from './in-memory-preferences.fixture.ts';

/** An administration over two maps, for the tests of what speaks to one: the socket and the command line. */
export class InMemoryAdministration implements Administration {
  readonly preferences = new InMemoryPreferences((name) => this.#users.has(name));
  readonly messageStore: InMemoryMessageStore;
  nodes: readonly NodeSummary[] = [];
  readonly #users = new Map<string, UserSummary>();
  readonly #messages = new Map<string, QueuedMessage>();

  constructor(users: readonly NewUser[], messages: readonly QueuedMessage[], stored: readonly StoredMessage[] = []) {
    this.messageStore = new InMemoryMessageStore(users[0]?.user ?? '', stored);
    for (const user of users) this.#users.set(user.user, summaryOf(user));
    for (const message of messages) this.#messages.set(message.messageUriId, message);
  }

  async status(): Promise<ServerStatus> {
    return {
      version: '0.1.0',
      domain: 'example.net',
      startedAt: '2026-01-02T03:04:05.000Z',
      listen: ['udp://127.0.0.1:5060'],
      storage: { engine: 'sqlite', schema: 1 },
      users: this.#users.size,
      bindings: 0,
      unreachableBindings: 0,
      deferredMessages: this.#messages.size,
      outboxRows: 0,
      absentAdapters: [{ port: 'Recording', instead: 'nothing is recorded' }],
      nodes: this.nodes,
    };
  }

  async users(): Promise<AdministrationResult<readonly UserSummary[]>> {
    return { kind: 'done', value: [...this.#users.values()] };
  }

  async addUser(user: NewUser): Promise<AdministrationResult<UserSummary>> {
    if (this.#users.has(user.user)) return { kind: 'refused', text: `There is a user ${user.user} already.` };
    const summary = summaryOf(user);
    this.#users.set(user.user, summary);
    return { kind: 'done', value: summary };
  }

  async removeUser(name: string): Promise<AdministrationResult<UserSummary>> {
    const user = this.#users.get(name);
    this.#users.delete(name);
    return user === undefined ? { kind: 'not-found', text: `There is no user ${name}.` } : { kind: 'done', value: user };
  }

  async credentials(name: string) {
    const user = this.#users.get(name);
    if (user === undefined) return { kind: 'not-found', text: `There is no user ${name}.` } as const;
    const ha1 = { MD5: '0'.repeat(32), 'SHA-256': '0'.repeat(64) };
    const value = { user: name, realm: 'example.net', ha1, identities: user.identities, listen: ['udp://127.0.0.1:5060'] };
    return { kind: 'done', value } as const;
  }

  async queue(filter: { readonly user?: string; readonly limit: number }): Promise<AdministrationResult<readonly QueuedMessageSummary[]>> {
    const wanted = [...this.#messages.values()].filter((message) => filter.user === undefined || message.user === filter.user);
    return { kind: 'done', value: wanted.slice(0, filter.limit) };
  }

  async queuedMessage(messageUriId: string): Promise<AdministrationResult<QueuedMessage>> {
    const value = this.#messages.get(messageUriId);
    return value === undefined ? { kind: 'not-found', text: `There is no message ${messageUriId}.` } : { kind: 'done', value };
  }

  async dropQueuedMessage(messageUriId: string): Promise<AdministrationResult<QueuedMessageSummary>> {
    const dropped = await this.queuedMessage(messageUriId);
    this.#messages.delete(messageUriId);
    return dropped;
  }
}

function summaryOf(user: NewUser): UserSummary {
  const identities = user.identities.length > 0 ? user.identities : [`sip:${user.user}@example.net`];
  return { user: user.user, identities, source: 'database', bindings: [], waiting: 0 };
}
