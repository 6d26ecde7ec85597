import { performance } from 'node:perf_hooks';
import type { CancelWake, Clock } from '../platform.ts';

/** Longest delay that setTimeout takes, in milliseconds. */
const maxDelayMilliseconds = 2 ** 31 - 1;

/**
 * The time of the process: the wall clock when it started, and from there on the monotonic clock, so that a step of
 * the wall clock disturbs no timer.
 */
export function nodeClock(): Clock {
  const origin = performance.timeOrigin;
  const now = () => Math.floor(origin + performance.now());
  return { now, wakeAt: (atMilliseconds, wake) => wakeAt(now, atMilliseconds, wake) };
}

/** setTimeout may fire a millisecond early and knows no delay above 24 days: both are armed again. */
function wakeAt(now: () => number, atMilliseconds: number, wake: () => void): CancelWake {
  const arm = () => setTimeout(due, Math.min(Math.max(0, atMilliseconds - now()), maxDelayMilliseconds));
  const due = () => {
    if (now() < atMilliseconds) timer = arm();
    else wake();
  };
  let timer = arm();
  return () => clearTimeout(timer);
}
