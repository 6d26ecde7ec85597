import type { AnonymousOriginator, AnonymousOriginators, MessageId, QueueFault, UserId } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { textOf } from './row.ts';

/** Who sent the anonymous messages of each recipient, by imdn.Message-ID. */
export class AnonymousOriginatorRows implements AnonymousOriginators {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A row whose time is over counts as none. */
  async remember({ recipient, messageId, originator, expiresAt }: AnonymousOriginator, now: number): Promise<QueueFault | undefined> {
    const sql = `INSERT INTO anonymous_originators (owner, imdn_message_id, originator, expires_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (owner, imdn_message_id) DO UPDATE SET originator = excluded.originator, expires_at = excluded.expires_at
      WHERE anonymous_originators.originator = excluded.originator OR anonymous_originators.expires_at <= ?`;
    return faultOf(await this.#database.commit([{ sql, parameters: [recipient, messageId, originator, expiresAt, now] }]));
  }

  async find(recipient: UserId, messageId: MessageId, now: number): Promise<string | undefined | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT originator FROM anonymous_originators WHERE owner = ? AND imdn_message_id = ? AND expires_at > ?',
      parameters: [recipient, messageId, now],
    });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined ? undefined : textOf(row, 'originator');
  }

  async forgetExpired(now: number): Promise<QueueFault | undefined> {
    return faultOf(await this.#database.commit([{ sql: 'DELETE FROM anonymous_originators WHERE expires_at <= ?', parameters: [now] }]));
  }
}
