/** The order in which servers of one service are tried (RFC 2782). */
import type { Random, SrvRecord } from '../platform.ts';

/** By priority; within one priority by chance, each with the share that its weight gives it. */
export function inOrderOfService(records: readonly SrvRecord[], random: Random): readonly SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].toSorted((one, other) => one - other);
  return priorities.flatMap((priority) =>
    drawn(
      records.filter((record) => record.priority === priority),
      random,
    ),
  );
}

/** RFC 2782, "Weight": those without weight stand first, so that they keep a small chance beside others. */
function drawn(records: readonly SrvRecord[], random: Random): readonly SrvRecord[] {
  const left = [...records.filter(({ weight }) => weight === 0), ...records.filter(({ weight }) => weight > 0)];
  const ordered: SrvRecord[] = [];
  while (left.length > 1) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    ordered.push(...left.splice(placeOf(upTo(total, random), left), 1));
  }
  return [...ordered, ...left];
}

/** The first place whose running sum of weights reaches the number. */
function placeOf(number: number, records: readonly SrvRecord[]): number {
  let sum = 0;
  for (const [place, { weight }] of records.entries()) {
    sum += weight;
    if (sum >= number) return place;
  }
  return records.length - 1;
}

/** A whole number from 0 to `most`, both included. 48 bits make the unevenness of the scaling too small to see. */
function upTo(most: number, random: Random): number {
  let fraction = 0;
  for (const octet of random.bytes(6)) fraction = (fraction + octet) / 256;
  return Math.min(most, Math.floor(fraction * (most + 1)));
}
