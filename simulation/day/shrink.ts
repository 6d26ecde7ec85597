import type { DayEvent, DayPlan } from './plan.ts';

/**
 * A day with as few events as still fail: pieces of the day are left out, large ones first, for as long as it fails
 * without them. `fails` is asked some dozens of times; a day without an event is always a day.
 */
export async function shrink(plan: DayPlan, fails: (plan: DayPlan) => Promise<boolean>): Promise<DayPlan> {
  let events: readonly DayEvent[] = plan.events;
  for (let size = Math.ceil(events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < events.length; ) {
      const rest = [...events.slice(0, start), ...events.slice(start + size)];
      if (await fails({ ...plan, events: rest })) events = rest;
      else start += size;
    }
  }
  return { ...plan, events };
}
