import { eventually } from '../interop/surroundings/eventually.ts';
import type { AdministrationSocket } from './administration.ts';
import { absentUser, type Traffic } from './traffic.ts';

/** What waits for the absent user and expires later than this does not expire within a run. */
const longExpiryMilliseconds = 3_600_000;

/** Everybody comes and answers until nothing is under way but what waits for who never comes. Gives that. */
export async function comeToRest(
  traffic: Traffic,
  administration: AdministrationSocket,
  withinMilliseconds: number,
): Promise<readonly string[]> {
  await traffic.settle();
  let seen = '';
  await eventually(
    'nothing is under way',
    async () => {
      const { deferred, owed } = await administration.held();
      const waiting = await administration.queue(absentUser);
      const expiring = waiting.filter(({ expiresAt }) => expiresAt < Date.now() + longExpiryMilliseconds);
      seen = `${traffic.unanswered} without an answer, ${deferred} in the queue (${waiting.length} for ${absentUser}), ${owed} owed`;
      return traffic.unanswered === 0 && deferred === waiting.length && expiring.length === 0 && owed === 0 ? true : undefined;
    },
    { withinMilliseconds, seen: () => seen },
  );
  const rows = await administration.queue(absentUser);
  const ids: string[] = [];
  for (const row of rows) ids.push(await administration.messageId(row));
  return ids;
}

/** Lines of a server's log that tell of a fault of its own. */
export function faultsIn(log: string): string[] {
  return log.split('\n').filter((line) => line.includes('A fault of this program'));
}
