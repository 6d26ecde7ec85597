import {
  type ClientRefusal,
  type ConversationId,
  type DeferredMessage,
  type DeferredMessageQueue,
  type FailedAttempt,
  type MessageUriId,
  messageUriId,
  type OwedRequest,
  type QueuedDelivery,
  type QueueEntry,
  type QueueFault,
  type UserId,
  userId,
  type WaitingMessage,
  type WaitingRange,
} from '@opencpm/cpm';
import type { Database, Row, Statement } from '../database.ts';
import { attemptColumns, attemptOf, deliveryOf, entryOf, insertMessage, messageColumns } from './deferred-message-rows.ts';
import { faultOf, queueFault } from './fault.ts';
import { forgetExpired } from './forget-expired.ts';
import { keepNewest } from './newest.ts';
import { OwnersWithQueues } from './owners-with-queues.ts';
import { QueueRemovals } from './queue-removals.ts';
import { numberOf, textOf } from './row.ts';
import { requestToOctets } from './stored-request.ts';

export interface QueueLimits {
  /** Messages that may wait for one user. */
  readonly messagesPerUser: number;
  /** Octets of the stored requests that may wait for one user. */
  readonly octetsPerUser: number;
  /** Duplicate keys that are known of one user; the oldest are forgotten. */
  readonly duplicateKeysPerUser: number;
  /** How long the duplicate key of a stored message is known. */
  readonly duplicateWindowMilliseconds: number;
}

/** What one client has made of a message so far, for the operator. */
export interface ClientAttempts {
  /** Binding.client. */
  readonly client: string;
  /** Pushes that ended without a 2xx. */
  readonly attempts: number;
  readonly refusal: ClientRefusal;
}

/** How many of the newest messages of a conversation tell whether something waits there. */
const newestOfConversation = 20;

/** Trimming reads all keys of a user, so one message of so many pays for it, told by the millisecond in which it came. */
const storesPerTrimming = 64;

/** The Deferred CPM Message Queue in the database. */
export class DeferredMessages implements DeferredMessageQueue {
  readonly #database: Database;
  readonly #limits: QueueLimits;
  readonly #owners = new OwnersWithQueues();
  readonly #removals: QueueRemovals;

  constructor(database: Database, limits: QueueLimits) {
    this.#database = database;
    this.#limits = limits;
    this.#removals = new QueueRemovals(database);
  }

  async store(message: DeferredMessage): ReturnType<DeferredMessageQueue['store']> {
    const request = requestToOctets(message.request);
    const { duplicateKey: key, owner, arrivedAt } = message;
    // In this order, so that a message that is there already is a duplicate and not one too many.
    const guards = key === undefined ? [] : [this.#rememberKey(message, key)];
    const trimming =
      key === undefined || arrivedAt % storesPerTrimming !== 0
        ? []
        : [keepNewest('stored_messages', owner, this.#limits.duplicateKeysPerUser)];
    const batch = [...guards, this.#countIn(message, request.length), insertMessage(message, request), ...trimming];
    const result = await this.#database.commit(batch);
    if (result.kind === 'guard-failed') return { kind: result.statement === guards.length ? 'full' : 'duplicate' };
    // After a fault it may be there all the same.
    this.#owners.add(owner);
    return result.kind === 'fault' ? queueFault(result) : { kind: 'stored' };
  }

  /**
   * One row a user counts his queue and gives each message its position. It is locked until the commit, so on every
   * engine the positions of a user's messages are in the order of their commits. The guard is the limits, and that he is there.
   */
  #countIn(message: DeferredMessage, octets: number): Statement {
    const { messagesPerUser, octetsPerUser } = this.#limits;
    return {
      sql: `INSERT INTO queue_sizes (owner, position, messages, octets) SELECT owner, 1, 1, CAST(? AS BIGINT) FROM users
        WHERE owner = ? AND CAST(? AS BIGINT) <= ?
        ON CONFLICT (owner) DO UPDATE SET position = queue_sizes.position + 1, messages = queue_sizes.messages + 1,
        octets = queue_sizes.octets + excluded.octets
        WHERE queue_sizes.messages < ? AND queue_sizes.octets + excluded.octets <= ?`,
      parameters: [octets, message.owner, octets, octetsPerUser, messagesPerUser, octetsPerUser],
      expectRows: 1,
      tells: {
        kind: 'queue',
        owner: message.owner,
        ...(message.duplicateKey === undefined
          ? {}
          : { key: message.duplicateKey, until: message.arrivedAt + this.#limits.duplicateWindowMilliseconds }),
      },
    };
  }

  /** A key whose window is over counts as new. */
  #rememberKey(message: DeferredMessage, key: string): Statement {
    return {
      sql: `INSERT INTO stored_messages (owner, duplicate_key, expires_at) VALUES (?, ?, ?)
        ON CONFLICT (owner, duplicate_key) DO UPDATE SET expires_at = excluded.expires_at WHERE stored_messages.expires_at <= ?`,
      parameters: [message.owner, key, message.arrivedAt + this.#limits.duplicateWindowMilliseconds, message.arrivedAt],
      expectRows: 1,
    };
  }

  /** Another process has stored a message for him. */
  somethingWaits(owner: UserId): void {
    this.#owners.add(owner);
  }

  /** False when it is known that nothing waits for him. */
  mayWait(owner: UserId): boolean {
    return this.#owners.ticket(owner) !== undefined;
  }

  async waiting(owner: UserId, range: WaitingRange): Promise<readonly QueuedDelivery[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT ${messageColumns}, ${attemptColumns} FROM deferred_messages m
        LEFT JOIN deferred_attempts a ON a.owner = m.owner AND a.message_uri_id = m.message_uri_id AND a.client = ?
        WHERE m.owner = ? AND m.position > ? AND m.expires_at > ? ORDER BY m.position LIMIT ?`,
      parameters: [range.client, owner, range.after ?? 0, range.now, range.limit],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(deliveryOf);
  }

  async waitingInConversation(owner: UserId, conversation: ConversationId, now: number): Promise<readonly WaitingMessage[] | QueueFault> {
    const ticket = this.#owners.ticket(owner);
    if (ticket === undefined) return [];
    const result = await this.#database.query({
      sql: `SELECT m.message_uri_id, ${attemptColumns} FROM (
          SELECT owner, message_uri_id FROM deferred_messages
          WHERE owner = ? AND conversation_id = ? AND kind = 'message' AND expires_at > ? ORDER BY position DESC LIMIT ?
        ) m LEFT JOIN deferred_attempts a ON a.owner = m.owner AND a.message_uri_id = m.message_uri_id`,
      parameters: [owner, conversation, now, newestOfConversation],
    });
    if (result.kind === 'fault') return queueFault(result);
    if (result.rows.length === 0 && (await this.count(owner)) === 0) this.#owners.wasEmpty(owner, ticket);
    return waitingMessages(result.rows);
  }

  async attemptFailed({ owner, id, client, refusal, nextAttempt }: FailedAttempt): Promise<QueueFault | undefined> {
    const { status, pauseMilliseconds, retryAt, refusedBy } = refusal;
    const result = await this.#database.commit([
      {
        sql: `INSERT INTO deferred_attempts (owner, message_uri_id, client, attempt, status, pause, retry_at, refused_by)
          SELECT owner, message_uri_id, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT),
          CAST(? AS TEXT) FROM deferred_messages WHERE owner = ? AND message_uri_id = ?
          ON CONFLICT (owner, message_uri_id, client) DO UPDATE SET attempt = deferred_attempts.attempt + excluded.attempt,
          status = excluded.status, pause = excluded.pause, retry_at = excluded.retry_at, refused_by = excluded.refused_by`,
        parameters: [client, nextAttempt ? 1 : 0, status ?? null, pauseMilliseconds, retryAt, refusedBy ?? null, owner, id],
      },
    ]);
    return faultOf(result);
  }

  remove(owner: UserId, id: MessageUriId, owed: readonly OwedRequest[]): Promise<boolean | QueueFault> {
    return this.#removals.remove(owner, id, owed);
  }

  async expired(now: number, limit: number, after?: QueueEntry): Promise<readonly QueueEntry[] | QueueFault> {
    const from = after?.expiresAt ?? 0;
    return this.#entries({
      sql: `SELECT ${messageColumns} FROM deferred_messages m WHERE m.expires_at <= ? AND m.expires_at >= ?
        AND (m.expires_at > ? OR m.message_uri_id > ?) ORDER BY m.expires_at, m.message_uri_id LIMIT ?`,
      parameters: [now, from, from, after?.id ?? '', limit],
    });
  }

  async nextExpiry(after: number): Promise<number | undefined | QueueFault> {
    const sql = 'SELECT MIN(expires_at) AS next FROM deferred_messages WHERE expires_at > ?';
    const result = await this.#database.query({ sql, parameters: [after] });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined || row.next === null ? undefined : numberOf(row, 'next');
  }

  /** When the message that waits for longest came; undefined when none waits. */
  async oldestArrival(): Promise<number | undefined | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT arrived_at FROM deferred_messages ORDER BY message_uri_id LIMIT 1',
      parameters: [],
    });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined ? undefined : numberOf(row, 'arrived_at');
  }

  /** For the operator: oldest first, of one user or of all. */
  async list(owner: UserId | undefined, limit: number): Promise<readonly QueueEntry[] | QueueFault> {
    const condition = owner === undefined ? 'ORDER BY m.message_uri_id' : 'WHERE m.owner = ? ORDER BY m.position';
    return this.#entries({
      sql: `SELECT ${messageColumns} FROM deferred_messages m ${condition} LIMIT ?`,
      parameters: owner === undefined ? [limit] : [owner, limit],
    });
  }

  async find(id: MessageUriId): Promise<QueueEntry | undefined | QueueFault> {
    const sql = `SELECT ${messageColumns} FROM deferred_messages m WHERE m.message_uri_id = ?`;
    const found = await this.#entries({ sql, parameters: [id] });
    return 'kind' in found ? found : found[0];
  }

  /** Users with waiting messages: for the pushes that a restart owes. */
  async owners(): Promise<readonly UserId[] | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT owner FROM queue_sizes WHERE messages > 0', parameters: [] });
    if (result.kind === 'fault') return queueFault(result);
    const owners = result.rows.map((row) => userId(textOf(row, 'owner')));
    this.#owners.learn(owners);
    return owners;
  }

  async count(owner?: UserId): Promise<number | QueueFault> {
    const condition = owner === undefined ? '' : 'WHERE owner = ?';
    const result = await this.#database.query({
      sql: `SELECT COALESCE(SUM(messages), 0) AS messages FROM queue_sizes ${condition}`,
      parameters: owner === undefined ? [] : [owner],
    });
    if (result.kind === 'fault') return queueFault(result);
    return Number(result.rows[0]?.messages ?? 0);
  }

  /** What the clients have made of a message, in the order of their names; nobody who has not been asked. */
  async attempts(owner: UserId, id: MessageUriId): Promise<readonly ClientAttempts[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT ${attemptColumns} FROM deferred_attempts a WHERE a.owner = ? AND a.message_uri_id = ? ORDER BY a.client`,
      parameters: [owner, id],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.flatMap(clientAttempts);
  }

  /** The newest duplicate keys still in their window: what a restarted server has to know at once. */
  async recentKeys(now: number, limit: number): Promise<readonly { readonly key: string; readonly expiresAt: number }[] | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT duplicate_key, expires_at FROM stored_messages WHERE expires_at > ? ORDER BY expires_at DESC LIMIT ?',
      parameters: [now, limit],
    });
    if (result.kind === 'fault') return queueFault(result);
    return result.rows.map((row) => ({ key: textOf(row, 'duplicate_key'), expiresAt: numberOf(row, 'expires_at') }));
  }

  /** Forgets some of the keys whose window is over; `more` when there may be others. */
  forgetKeys(now: number): Promise<'more' | QueueFault | undefined> {
    return forgetExpired(this.#database, 'stored_messages', now);
  }

  async #entries(statement: Statement): Promise<readonly QueueEntry[] | QueueFault> {
    const result = await this.#database.query(statement);
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(entryOf);
  }
}

function waitingMessages(rows: readonly Row[]): readonly WaitingMessage[] {
  const byId = Map.groupBy(rows, (row) => textOf(row, 'message_uri_id'));
  return [...byId].map(([id, of]) => {
    const asked = of.filter((row) => row.client !== null);
    return { id: messageUriId(id), attempts: new Map(asked.map((row) => [textOf(row, 'client'), attemptOf(row)])) };
  });
}

function clientAttempts(row: Row): readonly ClientAttempts[] {
  const { attempt, refusal } = attemptOf(row);
  return refusal === undefined ? [] : [{ client: textOf(row, 'client'), attempts: attempt, refusal }];
}
