import type { QueueFault } from '@opencpm/cpm';
import type { Database } from '../database.ts';
import { queueFault } from './fault.ts';
import { textOf } from './row.ts';

/**
 * Keys that all processes on this database share, such as the one that delivery names derive from. The first one to
 * ask makes it; whoever asks at the same time gets the same.
 */
export async function serverKey(database: Database, name: string, fresh: string): Promise<string | QueueFault> {
  const inserted = await database.commit([
    { sql: 'INSERT INTO server_keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', parameters: [name, fresh] },
  ]);
  if (inserted.kind === 'fault') return queueFault(inserted);
  const found = await database.query({ sql: 'SELECT value FROM server_keys WHERE name = ?', parameters: [name] });
  if (found.kind === 'fault') return queueFault(found);
  const row = found.rows[0];
  return row === undefined ? { kind: 'fault', temporary: false, reason: `the key ${name} is not there` } : textOf(row, 'value');
}
