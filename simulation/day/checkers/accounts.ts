import { type DeviceName, userOf } from '../plan.ts';
import type { DayRecord, SentMessage } from '../record.ts';
import { messagesHeard, messagesOn } from '../wire-messages.ts';

/** What several checkers ask of a day. */

export function acceptedAt({ tries }: Pick<SentMessage, 'tries'>): number | undefined {
  return tries.find(({ status }) => status !== undefined && status < 300)?.answeredAt;
}

/** Users who may have got a message: its recipient, and whom he forwards to, one after the other. */
export function mayHaveGot(record: DayRecord, { to }: SentMessage): ReadonlySet<string> {
  const users = new Set<string>([to]);
  for (const { user, to: next } of [...record.forwards, ...record.forwards]) if (users.has(user)) users.add(next);
  return users;
}

/** By whom it was shown; unless it may have been forwarded to him, the sender's other devices show but a copy for them. */
export function shownOf(record: DayRecord, message: SentMessage) {
  const users = mayHaveGot(record, message);
  return record.shown.filter(({ id, device }) => id === message.id && users.has(userOf(device)));
}

/** Whether the server must have got that device's 2xx to the request of these names: in time, and while it was there. */
export function wasHeard({ addresses, wire, heard, downs }: DayRecord, device: DeviceName, names: string): boolean {
  const address = addresses.get(device);
  const branch = branchIn(names);
  const asked = messagesOn(wire).filter(({ to, text }) => to.host === address && text.includes(branch));
  const answers = messagesHeard(heard).filter(({ from, text }) => from.host === address && text.includes(branch));
  return answers.some(({ text, endedAt }) => {
    const [first, last] = [asked.at(0), asked.findLast(({ beganAt }) => beganAt <= endedAt)];
    if (!text.startsWith('SIP/2.0 2') || first === undefined || last === undefined) return false;
    // The process that hears it is the one that has asked, and lives on until it is kept.
    const isKept = !downs.some((down) => down.from <= endedAt + longestKeeping && down.until >= last.beganAt);
    return isKept && endedAt < first.beganAt + timerF - longestKeeping;
  });
}

/** The parameter of the request's first Via. */
export function branchIn(names: string): string {
  return /branch=[^;,\s]+/.exec(names)?.[0] ?? names;
}

/** How long a client may take to answer (RFC 3261 §17.1.2.2). Milliseconds. */
const timerF = 32_000;
/** Longer than it takes to keep what was heard. Milliseconds. */
const longestKeeping = 3000;

/** The planned expiry by the server's clock, at the earliest and at the latest. */
export function expiryOf(
  record: DayRecord,
  { expiresSeconds, tries }: SentMessage,
): { readonly earliest: number; readonly latest: number } {
  const first = tries[0]?.sentAt ?? 0;
  const last = acceptedAt({ tries }) ?? first;
  const milliseconds = (expiresSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const span = record.end.skew.most - record.end.skew.least;
  return { earliest: first + milliseconds - span, latest: last + milliseconds + span };
}
