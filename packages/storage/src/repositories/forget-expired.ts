import type { QueueFault } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { faultOf } from './fault.ts';

/** How many rows go in one commit: what is stored meanwhile waits for no more than these, some milliseconds. */
const rowsAtOnce = 200;

const keys = { stored_messages: 'duplicate_key', anonymous_originators: 'imdn_message_id' } as const;

/** Deletes some of the rows whose time is over, the oldest first. `more` when there may be others. */
export async function forgetExpired(database: Database, table: keyof typeof keys, now: number): Promise<'more' | QueueFault | undefined> {
  const key = keys[table];
  const sql = `DELETE FROM ${table} WHERE (owner, ${key}) IN
    (SELECT owner, ${key} FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING owner`;
  const result = await database.commit([{ sql, parameters: [now, rowsAtOnce] }]);
  if (result.kind !== 'committed') return faultOf(result);
  return result.rows[0]?.length === rowsAtOnce ? 'more' : undefined;
}
