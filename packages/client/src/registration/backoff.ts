import type { Random } from '@opencpm/sip';

/** After the first failure, in milliseconds; twice as long after each further one. */
const basePauseMilliseconds = 2_000;
/** Above this it does not grow. */
const longestPauseMilliseconds = 300_000;

/**
 * How long to wait after that many failures in a row (from 1): growing, and between half and all of it by chance, so that
 * the clients of a server that restarts do not come back all at once (the shape of RFC 5626 §4.5).
 */
export function backoffMilliseconds(failures: number, random: Random): number {
  const upper = Math.min(longestPauseMilliseconds, basePauseMilliseconds * 2 ** (failures - 1));
  const [octet = 0] = random.bytes(1);
  return Math.round(upper * (0.5 + octet / 510));
}
