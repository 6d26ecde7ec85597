import type { Random } from '@opencpm/sip';
import { hexadecimalOf } from '../adapters/ids.ts';

/** `MILLISECONDS-HEXADECIMAL`: since when by the clock of the holder, and what no other process has. */
const form = /^(\d{1,15})-[0-9a-f]{32}$/;

/** A name for a process in its leases: another one for each start. */
export function leaseHolder(startedAt: number, random: Random): string {
  return `${Math.trunc(startedAt)}-${hexadecimalOf(random.bytes(16))}`;
}

/** Milliseconds since the epoch; undefined for a lease that nobody holds. */
export function startedAtOf(holder: string): number | undefined {
  const written = form.exec(holder)?.[1];
  return written === undefined ? undefined : Number(written);
}
