import { formatLadder, WireLog } from '@opencpm/testkit';
import { violationsOf } from './checkers/index.ts';
import { planDay } from './plan.ts';
import type { DayRecord, Violation } from './record.ts';
import { runDay, type Spoil } from './run-day.ts';
import { shrink } from './shrink.ts';

/** Why a day failed, made short: what is left of its events, and the ladder of the message that it is about. */
export async function storyOf(seed: number, spoil?: Spoil): Promise<string> {
  const plan = planDay(seed);
  const first = violationsOf(await runDay(plan, spoil))[0];
  if (first === undefined) return `seed ${seed}: nothing was violated\n`;
  const short = await shrink(plan, async (shorter) => {
    return violationsOf(await runDay(shorter, spoil)).some(({ checker }) => checker === first.checker);
  });
  const record = await runDay(short, spoil);
  const violations = violationsOf(record);
  const told = violations.map(({ checker, text }) => `  ${checker}: ${text}`).join('\n');
  const events = short.events.map((event) => `  ${JSON.stringify(event)}`).join('\n');
  const settings = `network ${short.network}, commits ${short.commitMilliseconds} ms`;
  return `seed ${seed}, ${short.events.length} of ${plan.events.length} events, ${settings}\n${told}\n${events}\n${ladderOf(record, violations)}`;
}

/** Of the requests that hold the message or are about it, and of their answers; of everything when no message is named. */
function ladderOf(record: DayRecord, violations: readonly Violation[]): string {
  const named = violations.map(({ text }) => /\bm\d+\b/.exec(text)?.[0]).find((id) => id !== undefined);
  const shown = new WireLog(record.wire.startMilliseconds);
  for (const [address, name] of record.wire.names) shown.nameHost(address, name);
  for (const [name, address] of record.addresses) shown.nameHost(address, name);
  const callIds = new Set<string>();
  for (const entry of record.wire.entries) {
    const text = new TextDecoder().decode(entry.octets);
    const callId = /^Call-ID: (\S+)/im.exec(text)?.[1] ?? '';
    if (named !== undefined && (text.includes(`text of ${named}.`) || text.includes(`<message-id>${named}<`))) callIds.add(callId);
    if (named === undefined || callIds.has(callId)) shown.add(entry);
  }
  return formatLadder(shown);
}
