import type { Checker } from '../record.ts';
import { messagesOn } from '../wire-messages.ts';

/** 9. Of Vera, who hides, no other device is shown her name or her address. */
export const privacyIsKept: Checker = (record) => {
  const own = record.addresses.get('vera-1') ?? '';
  const others = new Set([...record.addresses.values()].filter((address) => address !== own));
  return messagesOn(record.wire).flatMap((message) => {
    const { to, beganAt } = message;
    if (!others.has(to.host)) return [];
    const text = message.text.toLowerCase();
    const trace = ['vera', `${own}:`, `${own};`].find((each) => text.includes(each));
    return trace === undefined ? [] : [`${to.host} was shown ${trace} at ${beganAt}: ${text.slice(0, 80)}`];
  });
};
