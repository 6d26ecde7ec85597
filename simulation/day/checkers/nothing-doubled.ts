import { userOf } from '../plan.ts';
import type { Checker, DayRecord } from '../record.ts';
import { messagesHeard, messagesOn } from '../wire-messages.ts';
import { branchIn, wasHeard } from './accounts.ts';

/**
 * 2. Our own client shows no message twice. What a foreign one gets again has the names of before, a retransmission,
 * unless the server could not know that it was taken, or was told of it anew and had forgotten it as it may.
 */
export const nothingDoubled: Checker = (record) => [
  ...doubled(
    record,
    // Of what a user has written himself his other devices get a copy, and perhaps the message, forwarded to him.
    record.shown.filter(({ id, device }) => record.sent.find((sent) => sent.id === id)?.from !== userOf(device)),
    'message',
  ),
  ...doubled(
    record,
    record.told.flatMap(({ id, ...told }) => (id === undefined ? [] : [{ ...told, id }])),
    'notification',
  ),
];

interface Taken {
  readonly device: DayRecord['shown'][number]['device'];
  readonly id: string;
  readonly at: number;
  readonly names: string | undefined;
}

/** What a sender sends anew, a server of another domain gets anew: it knows the message by its ids, as this one does. */
function isSentAnew({ device, names }: Taken, before: string): boolean {
  return device === 'dora-peer' && names?.split(' ')[0] !== before.split(' ')[0];
}

function doubled(record: DayRecord, taken: readonly Taken[], what: string): readonly string[] {
  const first = new Map<string, Taken>();
  const found: string[] = [];
  for (const one of taken) {
    const key = `${one.device} ${one.id}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, one);
    else if (before.names === undefined) found.push(`${one.device} showed ${what} ${one.id} twice`);
    else if (before.names === one.names || isSentAnew(one, before.names) || isForgotten(record, before, one)) continue;
    else if (wasHeard(record, one.device, before.names)) {
      found.push(`${one.device} got ${what} ${one.id} again under other names: ${before.names} | ${one.names}`);
    }
  }
  return found;
}

/** Keys of relayed messages live in memory (architecture: promises): behind a crash its sender may send one again that was taken. */
function isForgotten({ downs, heard, wire, addresses }: DayRecord, { names = '', at, id, device }: Taken, again: Taken): boolean {
  const branch = branchIn(names);
  const isPush = messagesOn(wire).some(
    ({ text, to }) => to.host === addresses.get(device) && text.includes(branch) && text.includes(pushTag),
  );
  const down = downs.find(({ from, until }) => from >= at && until <= again.at);
  if (isPush || down === undefined) return false;
  return messagesHeard(heard).some(
    ({ text, endedAt }) =>
      endedAt >= down.until && endedAt <= again.at && (text.includes(`text of ${id}.`) || text.includes(`imdn.Message-ID: ${id}\r\n`)),
  );
}

const pushTag = 'ims.icsi.oma.cpm.deferred';
