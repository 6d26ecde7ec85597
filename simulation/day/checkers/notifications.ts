import { userOf } from '../plan.ts';
import type { Checker, DayRecord, ToldNotification } from '../record.ts';
import { messagesOn } from '../wire-messages.ts';
import { shownOf, wasHeard } from './accounts.ts';

const kinds: Readonly<Record<string, string>> = { delivered: 'positive-delivery', failed: 'negative-delivery', displayed: 'display' };

/** 3. Nobody is told what he has not asked for, what nobody has said, or the same thing twice. */
export const notificationsAreTrue: Checker = (record) => record.told.flatMap((told) => faultsOf(record, told));

function faultsOf(record: DayRecord, told: ToldNotification): readonly string[] {
  const { about, status, device } = told;
  const said = `${device} was told that ${about} was ${status}`;
  const message = record.sent.find(({ id }) => id === about);
  if (message === undefined || message.from !== userOf(device)) return [`${said}, which is no message of his`];
  const asked = kinds[status];
  if (asked === undefined || !message.notifications.some((kind) => kind === asked)) return [`${said}, and had not asked for it`];
  const writers = record.notified.filter((sent) => sent.about === about && sent.status === status);
  if (status === 'failed')
    return shownOf(record, message).length > 0 && isLate(record, told) ? [`${said}, and somebody has shown it`] : twice(record, told, 1);
  if (writers.length === 0) return [`${said}, which nobody has said`];
  return twice(record, told, writers.length);
}

/** It was delivered long before, and the server has heard so: one that a client has shown and not said is failed for its sender. */
function isLate(record: DayRecord, { about, at }: ToldNotification): boolean {
  const sender = record.sent.find(({ id }) => id === about)?.from;
  const showing = record.shown.filter((shown) => shown.id === about && shown.names === undefined && userOf(shown.device) !== sender);
  return showing.some(
    (shown) =>
      shown.at < at - 60_000 &&
      !record.downs.some(({ from, until }) => from <= at && until >= shown.at) &&
      requestsWith(record, shown).some(({ text }) => wasHeard(record, shown.device, text)),
  );
}

/** The requests that brought that message to that device. */
function requestsWith({ wire, addresses }: DayRecord, { id, device }: DayRecord['shown'][number]) {
  const address = addresses.get(device);
  return messagesOn(wire).filter(({ to, text }) => to.host === address && text.includes(`text of ${id}.`));
}

function twice({ told }: DayRecord, one: ToldNotification, most: number): readonly string[] {
  const same = told.filter((other) => other.device === one.device && other.about === one.about && other.status === one.status);
  const different = new Set(same.map(({ id }, index) => id ?? `own client ${index}`));
  return different.size > most && same[0] === one
    ? [`${one.device} was told ${different.size} times that ${one.about} was ${one.status}`]
    : [];
}
