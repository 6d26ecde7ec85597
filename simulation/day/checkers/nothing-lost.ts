import { userOf } from '../plan.ts';
import type { Checker, DayRecord, SentMessage } from '../record.ts';
import { callIdOf, messagesOn } from '../wire-messages.ts';
import { acceptedAt, expiryOf, shownOf } from './accounts.ts';

/** 1. What was accepted was delivered, waits, or has expired with the notice that it owes. */
export const nothingLost: Checker = (record) =>
  record.sent.flatMap((message) => {
    if (acceptedAt(message) === undefined || shownOf(record, message).length > 0) return [];
    if (record.end.waiting.some(({ id }) => id === message.id)) {
      return message.to === 'otto' ? [] : [`${message.id} still waits for ${message.to}, who is there`];
    }
    if (expiryOf(record, message).earliest > record.end.at) return [`${message.id} to ${message.to} was accepted and is nowhere`];
    return toldOfExpiry(record, message) ? [] : [`${message.id} to ${message.to} has expired, and ${message.device} was not told`];
  });

/** Who asked for it is told that it was not delivered. Who hides is told as well (decision 34). */
function toldOfExpiry(record: DayRecord, message: SentMessage): boolean {
  if (!message.notifications.includes('negative-delivery') || hasBlocked(record, message)) return true;
  const isTold = record.told.some(
    ({ about, status, device }) => about === message.id && status === 'failed' && userOf(device) === message.from,
  );
  return isTold || (message.from === 'dora' && wasDeclined(record, message));
}

/** What a peer refuses for good is not kept for it: its users are its own. */
function wasDeclined({ wire, addresses }: DayRecord, { id }: SentMessage): boolean {
  const peer = addresses.get('dora-peer');
  const messages = messagesOn(wire);
  const offered = messages.filter(({ to, text }) => to.host === peer && text.includes(`<message-id>${id}<`)).map(callIdOf);
  return messages.some((message) => message.from.host === peer && /^SIP\/2\.0 6/.test(message.text) && offered.includes(callIdOf(message)));
}

/** Who has blocked the recipient is refused what comes in the recipient's name; the blocked one of every day is Alice. */
function hasBlocked({ plan }: DayRecord, { from, to }: SentMessage): boolean {
  return to === 'alice' && plan.events.some((event) => event.kind === 'rule' && event.rule === 'block' && event.user === from);
}
