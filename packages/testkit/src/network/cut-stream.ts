import type { SeededRandom } from '../seeded-random.ts';
import type { LinkConditions } from './conditions.ts';

/** Cuts octets into segments: at the largest size, and with the link's probability at any place before it. */
export function cutStream(octets: Uint8Array, conditions: LinkConditions, random: SeededRandom): Uint8Array[] {
  const segments: Uint8Array[] = [];
  let start = 0;
  while (start < octets.length) {
    const most = Math.min(conditions.maxSegmentOctets, octets.length - start);
    const length = random.chance(conditions.splitting) ? random.between(1, most) : most;
    segments.push(octets.slice(start, start + length));
    start += length;
  }
  return segments;
}
