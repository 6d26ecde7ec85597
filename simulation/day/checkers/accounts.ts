import { type deviceNames, userOf } from '../plan.ts';
import type { DayRecord, SentMessage } from '../record.ts';

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

/** When the server had an answer on the wire from that host at the latest, and was there to take it. */
export function wasHeard(record: DayRecord, device: (typeof deviceNames)[number], names: string): boolean {
  const address = record.addresses.get(device);
  const callId = names.split(' ')[0] ?? '';
  return record.wire.entries.some(
    ({ from, octets, fate, atMilliseconds }) =>
      from.host === address && (fate === 'sent' || fate === 'doubled') && isUp(record, atMilliseconds) && isAcceptance(octets, callId),
  );
}

/** Longer than anything is on its way. Milliseconds. */
const longestWay = 3000;

function isUp({ downs }: DayRecord, at: number): boolean {
  return !downs.some(({ from, until }) => at >= from - longestWay && at <= until);
}

function isAcceptance(octets: Uint8Array, callId: string): boolean {
  const text = new TextDecoder().decode(octets);
  return text.startsWith('SIP/2.0 2') && text.includes(callId);
}

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
