import type { Checker, DayRecord, SentMessage } from '../record.ts';
import { messagesOn } from '../wire-messages.ts';
import { acceptedAt } from './accounts.ts';

/**
 * 5. Of two messages of a conversation of which the second was sent when the first had been accepted, no device shows
 * the second first: unless it did not take the first when it was offered, and that waits for its next try.
 */
export const orderIsKept: Checker = (record) =>
  record.sent.flatMap((second) => {
    return record.sent.filter((first) => isBefore(first, second)).flatMap((first) => faultsOf(record, first, second));
  });

function isBefore(first: SentMessage, second: SentMessage): boolean {
  const accepted = acceptedAt(first);
  const sent = second.tries[0]?.sentAt;
  const sameConversation = first.from === second.from && first.to === second.to && first.conversation === second.conversation;
  return first !== second && sameConversation && accepted !== undefined && sent !== undefined && accepted < sent;
}

function faultsOf(record: DayRecord, first: SentMessage, second: SentMessage): readonly string[] {
  return [...record.addresses.keys()].flatMap((device) => {
    const shownAt = (id: string) => record.shown.find((shown) => shown.id === id && shown.device === device)?.at;
    const [firstAt, secondAt] = [shownAt(first.id), shownAt(second.id)];
    if (firstAt === undefined || secondAt === undefined || firstAt <= secondAt || wasOffered(record, device, first, secondAt)) return [];
    return [`${device} showed ${second.id} before ${first.id} of the same conversation`];
  });
}

/** The device had the chance to show it before: it was silent, refused, or its answer was lost. */
function wasOffered(record: DayRecord, device: string, { id }: SentMessage, before: number): boolean {
  const address = [...record.addresses].find(([name]) => name === device)?.[1];
  const text = `text of ${id}.`;
  return messagesOn(record.wire).some((offered) => offered.to.host === address && offered.beganAt <= before && offered.text.includes(text));
}
