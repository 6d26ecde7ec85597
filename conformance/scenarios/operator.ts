import { textAtPath } from '../framework/text-at-path.ts';
import type { World } from '../framework/world.ts';

/**
 * What `opencpm queue list` shows of a user's queue, with what proofs compare: how many rows and different addresses
 * there are, and how long each message may wait.
 */
export async function queueOf(world: World, name: string, ready?: (rows: readonly unknown[]) => boolean): Promise<object> {
  const rows = await world.operator(['queue', 'list', '--user', world.account(name).user], ready);
  const addresses = new Set(rows.map((row) => textAtPath(row, 'messageUriId')));
  return { ...rows.map(withSeconds), length: rows.length, distinct: addresses.size };
}

function withSeconds(row: unknown): object {
  const [arrived, expires] = ['arrivedAt', 'expiresAt'].map((name) => Date.parse(textAtPath(row, name) ?? ''));
  const seconds = Math.round(((expires ?? Number.NaN) - (arrived ?? Number.NaN)) / 1000);
  return { messageUriId: textAtPath(row, 'messageUriId'), expiresAt: textAtPath(row, 'expiresAt'), seconds };
}
