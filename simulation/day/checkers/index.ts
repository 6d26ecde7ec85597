import type { Checker, DayRecord, Violation } from '../record.ts';
import { nothingDoubled } from './nothing-doubled.ts';
import { nothingLost } from './nothing-lost.ts';
import { notificationsAreTrue } from './notifications.ts';
import { orderIsKept } from './order.ts';
import { privacyIsKept } from './privacy.ts';
import { queueIsKept } from './queue.ts';
import { quietIsQuiet } from './quiet.ts';

/** What must hold of every day, by name. */
export const checkers: Readonly<Record<string, Checker>> = {
  'nothing is lost': nothingLost,
  'nothing is doubled': nothingDoubled,
  'notifications are true': notificationsAreTrue,
  'the queue is kept': queueIsKept,
  'order is kept': orderIsKept,
  'privacy is kept': privacyIsKept,
  'quiet is quiet': quietIsQuiet,
};

export function violationsOf(record: DayRecord): readonly Violation[] {
  if (record.end.failure !== undefined) return [{ checker: 'the day', text: record.end.failure }];
  return Object.entries(checkers).flatMap(([checker, check]) => check(record).map((text) => ({ checker, text })));
}
