import type { Checker } from '../record.ts';

/** 9. Of Vera, who hides, no other device is shown her name or her address. */
export const privacyIsKept: Checker = (record) => {
  const own = record.addresses.get('vera-1') ?? '';
  const others = new Set([...record.addresses.values()].filter((address) => address !== own));
  return record.wire.entries.flatMap(({ to, octets, atMilliseconds }) => {
    if (!others.has(to.host)) return [];
    const text = Buffer.from(octets).toString('latin1').toLowerCase();
    const trace = ['vera', `${own}:`, `${own};`].find((each) => text.includes(each));
    return trace === undefined ? [] : [`${to.host} was shown ${trace} at ${atMilliseconds}: ${text.slice(0, 80)}`];
  });
};
