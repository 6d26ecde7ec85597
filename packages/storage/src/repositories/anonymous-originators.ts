import type { AnonymousOriginator, AnonymousOriginators, MessageId, QueueFault, UserId } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { forgetExpired } from './forget-expired.ts';
import { keepNewest } from './newest.ts';
import { textOf } from './row.ts';

/** Who sent the anonymous messages of each recipient, by imdn.Message-ID. */
export class AnonymousOriginatorRows implements AnonymousOriginators {
  readonly #database: Database;

  readonly #perUser: number;

  /** `perUser`: how many are kept for one recipient; the oldest are forgotten. */
  constructor(database: Database, perUser = 10_000) {
    this.#database = database;
    this.#perUser = perUser;
  }

  /** A row whose time is over counts as none. */
  async remember({ recipient, messageId, originator, expiresAt }: AnonymousOriginator, now: number): Promise<QueueFault | undefined> {
    const sql = `INSERT INTO anonymous_originators (owner, imdn_message_id, originator, expires_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (owner, imdn_message_id) DO UPDATE SET originator = excluded.originator, expires_at = excluded.expires_at
      WHERE anonymous_originators.originator = excluded.originator OR anonymous_originators.expires_at <= ?`;
    const insertion = { sql, parameters: [recipient, messageId, originator, expiresAt, now] };
    return faultOf(await this.#database.commit([insertion, keepNewest('anonymous_originators', recipient, this.#perUser)]));
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

  /** Some of them; `more` when there may be others. */
  forgetExpired(now: number): Promise<'more' | QueueFault | undefined> {
    return forgetExpired(this.#database, 'anonymous_originators', now);
  }
}
