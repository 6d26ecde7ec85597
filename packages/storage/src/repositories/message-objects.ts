import type { MessageDirection, MessageObject, MessageStore, MessageUriId, OwedRequest, QueueFault, UserId } from '@opencpm/cpm';
import type { Database, Row, Statement } from '../database.ts';
import { queueFault } from './fault.ts';
import { insertOwed } from './outbox.ts';
import { numberOf, octetsOf, optionalTextOf, textOf } from './row.ts';

export interface MessageStoreLimits {
  readonly objectsPerUser: number;
  readonly octetsPerUser: number;
}

/** An object as it stands in the store, without its octets. */
export interface StoredObject {
  readonly uid: number;
  readonly folder: string;
  readonly direction: MessageDirection;
  readonly conversationId: string | undefined;
  readonly messageId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** Octets. */
  readonly size: number;
}

/** The message stores of all users in the database. */
export class MessageObjects implements MessageStore {
  readonly #database: Database;
  readonly #limits: MessageStoreLimits;

  constructor(database: Database, limits: MessageStoreLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  async store(object: MessageObject, owed: readonly OwedRequest[]): ReturnType<MessageStore['store']> {
    const result = await this.#database.commit([
      this.#countIn(object),
      insertFolder(object),
      insertObject(object),
      ...owed.map(insertOwed),
    ]);
    if (result.kind === 'fault') return queueFault(result);
    if (result.kind === 'committed') return { kind: 'stored', uid: numberOf(result.rows[insertObjectAt]?.[0] ?? {}, 'uid') };
    const there = object.key === undefined ? undefined : await this.#uidOf(object.owner, object.key);
    if (there === undefined) return result.statement === 0 ? { kind: 'full' } : raced;
    return typeof there === 'number' ? { kind: 'there', uid: there } : there;
  }

  async remove(owner: UserId, uid: number, waiting?: MessageUriId): Promise<boolean | QueueFault> {
    const result = await this.#database.commit([
      ...(waiting === undefined ? [] : [stillWaiting(owner, waiting)]),
      {
        sql: `UPDATE message_uids SET objects = objects - 1,
          octets = octets - (SELECT LENGTH(octets) FROM message_objects WHERE owner = ? AND uid = ?)
          WHERE owner = ? AND EXISTS (SELECT 1 FROM message_objects WHERE owner = ? AND uid = ?)`,
        parameters: [owner, uid, owner, owner, uid],
        expectRows: 1,
      },
      { sql: 'DELETE FROM message_objects WHERE owner = ? AND uid = ?', parameters: [owner, uid], expectRows: 1 },
    ]);
    if (result.kind === 'fault') return queueFault(result);
    return result.kind === 'committed';
  }

  /** A user's objects behind a UID, in the order in which they were stored. */
  async list(owner: UserId, afterUid: number, limit: number): Promise<readonly StoredObject[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT uid, folder, direction, conversation_id, imdn_message_id, stored_at, LENGTH(octets) AS size
        FROM message_objects WHERE owner = ? AND uid > ? ORDER BY uid LIMIT ?`,
      parameters: [owner, afterUid, limit],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(objectOf);
  }

  /** The whole object as an Internet message; undefined when there is none. */
  async octets(owner: UserId, uid: number): Promise<Uint8Array | undefined | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT octets FROM message_objects WHERE owner = ? AND uid = ?',
      parameters: [owner, uid],
    });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined ? undefined : octetsOf(row, 'octets');
  }

  /** The next UID of the user, while he and his quota are there. */
  #countIn({ owner, octets }: MessageObject): Statement {
    return {
      sql: `INSERT INTO message_uids (owner, last_uid, objects, octets) SELECT owner, 1, 1, CAST(? AS BIGINT) FROM users WHERE owner = ?
        ON CONFLICT (owner) DO UPDATE SET last_uid = message_uids.last_uid + 1, objects = message_uids.objects + 1,
        octets = message_uids.octets + excluded.octets
        WHERE message_uids.objects < ? AND message_uids.octets + excluded.octets <= ?`,
      parameters: [octets.length, owner, this.#limits.objectsPerUser, this.#limits.octetsPerUser],
      expectRows: 1,
    };
  }

  async #uidOf(owner: UserId, key: string): Promise<number | undefined | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT uid FROM message_objects WHERE owner = ? AND object_key = ?',
      parameters: [owner, key],
    });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined ? undefined : numberOf(row, 'uid');
  }
}

/** Which statement of the batch gives the UID. */
const insertObjectAt = 2;

/** The object with the same key was removed between the two looks at it. */
const raced: QueueFault = { kind: 'fault', temporary: true, reason: 'the same message was being removed' };

/**
 * The message is in the queue. An update that changes nothing rather than a look, so that on PostgreSQL as well whoever
 * takes it out meanwhile waits for this commit, or this one sees that it is gone.
 */
function stillWaiting(owner: UserId, id: MessageUriId): Statement {
  return {
    sql: 'UPDATE deferred_messages SET position = position WHERE owner = ? AND message_uri_id = ?',
    parameters: [owner, id],
    expectRows: 1,
  };
}

function insertFolder({ owner, folder, storedAt }: MessageObject): Statement {
  return {
    sql: 'INSERT INTO message_folders (owner, folder, uid_validity) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    // RFC 3501 §2.3.1.1: a folder that is made again later has a greater one.
    parameters: [owner, folder, Math.max(1, Math.floor(storedAt / 1000))],
  };
}

function insertObject(object: MessageObject): Statement {
  return {
    sql: `INSERT INTO message_objects (owner, uid, folder, direction, conversation_id, contribution_id, imdn_message_id, object_key,
      stored_at, flags, octets) VALUES (?, (SELECT last_uid FROM message_uids WHERE owner = ?), ?, ?, ?, ?, ?, ?, ?, '', ?)
      ON CONFLICT DO NOTHING RETURNING uid`,
    expectRows: 1,
    parameters: [
      object.owner,
      object.owner,
      object.folder,
      object.direction,
      object.conversationId ?? null,
      object.contributionId ?? null,
      object.messageId ?? null,
      object.key ?? null,
      object.storedAt,
      object.octets,
    ],
  };
}

function objectOf(row: Row): StoredObject {
  return {
    uid: numberOf(row, 'uid'),
    folder: textOf(row, 'folder'),
    direction: textOf(row, 'direction') === 'sent' ? 'sent' : 'received',
    conversationId: optionalTextOf(row, 'conversation_id'),
    messageId: optionalTextOf(row, 'imdn_message_id'),
    storedAt: numberOf(row, 'stored_at'),
    size: numberOf(row, 'size'),
  };
}
