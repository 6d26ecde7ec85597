import { setTimeout as delay } from 'node:timers/promises';

/** How often a condition is looked at. */
const pollMilliseconds = 20;

/**
 * Looks again and again until there is something, and gives it. Throws when the deadline is over first; what was
 * waited for stands in the message, and so does what `seen` says then.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  { withinMilliseconds = 15_000, seen = () => '' }: { withinMilliseconds?: number; seen?: () => string } = {},
): Promise<T> {
  const deadline = performance.now() + withinMilliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`within ${withinMilliseconds / 1000} s not seen: ${what}\n${seen()}`.trimEnd());
    await delay(pollMilliseconds);
  }
}
