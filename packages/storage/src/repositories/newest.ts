import type { UserId } from '@opencpm/cpm';
import type { Statement } from '../database.ts';

/**
 * Keeps a user's newest rows of a table and forgets those before them: how tables are bounded that could be filled from
 * outside. The newest are those that are kept longest.
 */
export function keepNewest(table: 'anonymous_originators' | 'outbox' | 'stored_messages', owner: UserId, count: number): Statement {
  return {
    sql: `DELETE FROM ${table} WHERE owner = ? AND expires_at <
      (SELECT expires_at FROM ${table} WHERE owner = ? ORDER BY expires_at DESC LIMIT 1 OFFSET ?)`,
    parameters: [owner, owner, count - 1],
  };
}
