import {
  contributionId,
  conversationId,
  type DeferredMessage,
  type DeferredMessageQueue,
  type MessageUriId,
  messageId,
  messageUriId,
  type OwedRequest,
  type QueuedDelivery,
  type QueueEntry,
  type QueueFault,
  type UserId,
  userId,
  type WaitingRange,
} from '@opencpm/cpm';
import type { Database, Row, Statement } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { insertOwed } from './outbox.ts';
import { numberOf, octetsOf, optionalTextOf, textOf } from './row.ts';
import { requestFromOctets, requestToOctets } from './stored-request.ts';

export interface QueueLimits {
  /** Messages that may wait for one user. */
  readonly messagesPerUser: number;
  /** How long the duplicate key of a stored message is known. */
  readonly duplicateWindowMilliseconds: number;
}

/** The Deferred CPM Message Queue in the database. */
export class DeferredMessages implements DeferredMessageQueue {
  readonly #database: Database;
  readonly #limits: QueueLimits;

  constructor(database: Database, limits: QueueLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  async store(message: DeferredMessage): ReturnType<DeferredMessageQueue['store']> {
    const request = requestToOctets(message.request);
    const key = message.duplicateKey === undefined ? [] : [this.#rememberKey(message, message.duplicateKey)];
    // In this order, so that a message that is there already is a duplicate and not one too many.
    const batch = [...key, insertMessage(message, request), this.#countIn(message, request.length)];
    const result = await this.#database.commit(batch);
    if (result.kind === 'committed') return { kind: 'stored' };
    if (result.kind === 'fault') return queueFault(result);
    return { kind: result.statement === batch.length - 1 ? 'full' : 'duplicate' };
  }

  /** One row a user counts his queue; the guard is the limit, and that he is there. */
  #countIn(message: DeferredMessage, octets: number): Statement {
    return {
      sql: `INSERT INTO queue_sizes (owner, messages, octets) SELECT owner, 1, CAST(? AS BIGINT) FROM users WHERE owner = ?
        ON CONFLICT (owner) DO UPDATE SET messages = queue_sizes.messages + 1, octets = queue_sizes.octets + excluded.octets
        WHERE queue_sizes.messages < ?`,
      parameters: [octets, message.owner, this.#limits.messagesPerUser],
      expectRows: 1,
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

  async waiting(owner: UserId, range: WaitingRange): Promise<readonly QueuedDelivery[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT m.*, a.attempt AS attempt FROM deferred_messages m
        LEFT JOIN deferred_attempts a ON a.owner = m.owner AND a.message_uri_id = m.message_uri_id AND a.client = ?
        WHERE m.owner = ? AND m.message_uri_id > ? AND m.expires_at > ? ORDER BY m.message_uri_id LIMIT ?`,
      parameters: [range.client, owner, range.after ?? '', range.now, range.limit],
    });
    if (result.kind === 'fault') return queueFault(result);
    return result.rows.map((row) => ({ ...entryOf(row), attempt: row.attempt === null ? 0 : numberOf(row, 'attempt') }));
  }

  /** Nothing happens for a message that is gone. */
  async attemptFailed(owner: UserId, id: MessageUriId, client: string): Promise<QueueFault | undefined> {
    const result = await this.#database.commit([
      {
        sql: `INSERT INTO deferred_attempts (owner, message_uri_id, client, attempt)
          SELECT owner, message_uri_id, CAST(? AS TEXT), 1 FROM deferred_messages WHERE owner = ? AND message_uri_id = ?
          ON CONFLICT (owner, message_uri_id, client) DO UPDATE SET attempt = deferred_attempts.attempt + 1`,
        parameters: [client, owner, id],
      },
    ]);
    return faultOf(result);
  }

  async remove(owner: UserId, id: MessageUriId, owed: readonly OwedRequest[]): Promise<boolean | QueueFault> {
    const result = await this.#database.commit([
      {
        sql: `UPDATE queue_sizes SET messages = messages - 1, octets = octets - 
          (SELECT LENGTH(request) FROM deferred_messages WHERE owner = ? AND message_uri_id = ?)
          WHERE owner = ? AND EXISTS (SELECT 1 FROM deferred_messages WHERE owner = ? AND message_uri_id = ?)`,
        parameters: [owner, id, owner, owner, id],
        expectRows: 1,
      },
      { sql: 'DELETE FROM deferred_messages WHERE owner = ? AND message_uri_id = ?', parameters: [owner, id], expectRows: 1 },
      { sql: 'DELETE FROM deferred_attempts WHERE owner = ? AND message_uri_id = ?', parameters: [owner, id] },
      ...owed.map(insertOwed),
    ]);
    if (result.kind === 'fault') return queueFault(result);
    return result.kind === 'committed';
  }

  async expired(now: number, limit: number): Promise<readonly QueueEntry[] | QueueFault> {
    return this.#entries({
      sql: 'SELECT * FROM deferred_messages WHERE expires_at <= ? ORDER BY expires_at LIMIT ?',
      parameters: [now, limit],
    });
  }

  async nextExpiry(): Promise<number | undefined | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT MIN(expires_at) AS next FROM deferred_messages', parameters: [] });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined || row.next === null ? undefined : numberOf(row, 'next');
  }

  /** For the operator: oldest first, of one user or of all. */
  async list(owner: UserId | undefined, limit: number): Promise<readonly QueueEntry[] | QueueFault> {
    const condition = owner === undefined ? '' : 'WHERE owner = ?';
    return this.#entries({
      sql: `SELECT * FROM deferred_messages ${condition} ORDER BY message_uri_id LIMIT ?`,
      parameters: owner === undefined ? [limit] : [owner, limit],
    });
  }

  async find(id: MessageUriId): Promise<QueueEntry | undefined | QueueFault> {
    const found = await this.#entries({ sql: 'SELECT * FROM deferred_messages WHERE message_uri_id = ?', parameters: [id] });
    return 'kind' in found ? found : found[0];
  }

  /** Users with waiting messages: for the pushes that a restart owes. */
  async owners(): Promise<readonly UserId[] | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT owner FROM queue_sizes WHERE messages > 0', parameters: [] });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map((row) => userId(textOf(row, 'owner')));
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

  async attempts(owner: UserId, id: MessageUriId): Promise<number | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT COALESCE(SUM(attempt), 0) AS attempts FROM deferred_attempts WHERE owner = ? AND message_uri_id = ?',
      parameters: [owner, id],
    });
    return result.kind === 'fault' ? queueFault(result) : Number(result.rows[0]?.attempts ?? 0);
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

  /** Forgets keys whose window is over. */
  async forgetKeys(now: number): Promise<QueueFault | undefined> {
    return faultOf(await this.#database.commit([{ sql: 'DELETE FROM stored_messages WHERE expires_at <= ?', parameters: [now] }]));
  }

  async #entries(statement: Statement): Promise<readonly QueueEntry[] | QueueFault> {
    const result = await this.#database.query(statement);
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(entryOf);
  }
}

function insertMessage(message: DeferredMessage, request: Uint8Array): Statement {
  return {
    sql: `INSERT INTO deferred_messages (owner, message_uri_id, mode, kind, originator, anonymous, conversation_id, contribution_id,
      imdn_message_id, arrived_at, expires_at, request) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    expectRows: 1,
    parameters: [
      message.owner,
      message.id,
      message.mode,
      message.kind,
      message.originator ?? null,
      message.anonymous ? 1 : 0,
      message.conversationId ?? null,
      message.contributionId ?? null,
      message.messageId ?? null,
      message.arrivedAt,
      message.expiresAt,
      request,
    ],
  };
}

function entryOf(row: Row): QueueEntry {
  const conversation = optionalTextOf(row, 'conversation_id');
  const contribution = optionalTextOf(row, 'contribution_id');
  const imdn = optionalTextOf(row, 'imdn_message_id');
  return {
    owner: userId(textOf(row, 'owner')),
    id: messageUriId(textOf(row, 'message_uri_id')),
    mode: 'pager',
    kind: textOf(row, 'kind') === 'notification' ? 'notification' : 'message',
    originator: optionalTextOf(row, 'originator'),
    anonymous: numberOf(row, 'anonymous') === 1,
    conversationId: conversation === undefined ? undefined : conversationId(conversation),
    contributionId: contribution === undefined ? undefined : contributionId(contribution),
    messageId: imdn === undefined ? undefined : messageId(imdn),
    arrivedAt: numberOf(row, 'arrived_at'),
    expiresAt: numberOf(row, 'expires_at'),
    request: requestFromOctets(octetsOf(row, 'request')),
  };
}
