import { userOf } from '../plan.ts';
import type { Checker, DayRecord, QueueLook, WaitingLook } from '../record.ts';
import { mayHaveGot } from './accounts.ts';

/** 4. A message leaves the queue by delivery or expiry alone, and its expiry never grows. */
export const queueIsKept: Checker = (record) =>
  record.queue.flatMap((look, index) => {
    const before = record.queue[index - 1];
    return before === undefined ? [] : before.waiting.flatMap((row) => faultsOf(record, row, look));
  });

function faultsOf(record: DayRecord, row: WaitingLook, look: QueueLook): readonly string[] {
  const now = look.waiting.find(({ messageUriId }) => messageUriId === row.messageUriId);
  const name = row.id ?? row.messageUriId;
  if (now !== undefined) {
    return now.expiresAt > row.expiresAt ? [`the expiry of ${name} has grown from ${row.expiresAt} to ${now.expiresAt}`] : [];
  }
  const isExpired = row.expiresAt <= look.at + record.end.skew.most;
  return isExpired || row.id === undefined || wasShown(record, row.id, look.at)
    ? []
    : [`${name} left the queue before ${look.at}, and nobody has it`];
}

function wasShown(record: DayRecord, id: string, before: number): boolean {
  const message = record.sent.find((sent) => sent.id === id);
  if (message === undefined) return false;
  const users = mayHaveGot(record, message);
  return record.shown.some((shown) => shown.id === id && shown.at <= before && users.has(userOf(shown.device)));
}
