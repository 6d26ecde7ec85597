import { formatLadder, type WireEntry, type WireLog } from '@opencpm/testkit';
import { violationsOf } from './checkers/index.ts';
import { type DayPlan, type PlannedLine, planDay } from './plan.ts';
import type { DayRecord, Violation } from './record.ts';
import { runDay, type Spoil } from './run-day.ts';
import { shrink } from './shrink.ts';
import { callIdOf, messagesOn, type WireMessage, wayOf } from './wire-messages.ts';

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
  const head = `seed ${seed}, ${short.events.length} of ${plan.events.length} events, ${settings}`;
  return `${head}\n${told}\n${linesOf(short)}${events}\n${ladderOf(record, violations)}`;
}

/** Of those who are not on datagrams of any length. */
function linesOf({ lines }: DayPlan): string {
  return Object.entries(lines)
    .filter(([, { transport, maxDatagramOctets }]) => transport === 'TCP' || maxDatagramOctets !== undefined)
    .map(([device, line]) => `  ${device}: ${lineText(line)}\n`)
    .join('');
}

function lineText({ transport, maxDatagramOctets, splitting, maxSegmentOctets, resetting, returns }: PlannedLine): string {
  if (transport === 'UDP') return `UDP, at most ${maxDatagramOctets} octets`;
  return `TCP, pieces of ${maxSegmentOctets} octets, cut ${splitting}, reset ${resetting}${returns ? ', comes back' : ''}`;
}

/**
 * Of the requests that hold the message or are about it, and of their answers, with what happened to the connections
 * that carried them; of everything when no message is named.
 */
function ladderOf({ wire, addresses }: DayRecord, violations: readonly Violation[]): string {
  for (const [name, address] of addresses) wire.nameHost(address, name);
  const named = violations.map(({ text }) => /\bm\d+\b/.exec(text)?.[0]).find((id) => id !== undefined);
  if (named === undefined) return formatLadder(wire);
  const about = messagesAbout(wire, named);
  return formatLadder(wire, (entry) => about.some((message) => isPartOf(message, entry)));
}

function messagesAbout(wire: WireLog, id: string): readonly WireMessage[] {
  const messages = messagesOn(wire);
  const isAbout = ({ text }: WireMessage) => text.includes(`text of ${id}.`) || text.includes(`<message-id>${id}<`);
  const callIds = new Set(messages.filter(isAbout).map(callIdOf));
  return messages.filter((message) => callIds.has(callIdOf(message)));
}

/** Behind what a connection carried last, its end is of interest for so long. Milliseconds. */
const afterwards = 40_000;

function isPartOf({ from, to, beganAt, endedAt }: WireMessage, entry: WireEntry): boolean {
  const { atMilliseconds: at } = entry;
  const way = wayOf({ from, to });
  if (entry.event === 'datagram' || entry.event === 'segment') return wayOf(entry) === way && at >= beganAt && at <= endedAt;
  return at >= beganAt && at <= endedAt + afterwards && [way, wayOf({ from: to, to: from })].includes(wayOf(entry));
}
