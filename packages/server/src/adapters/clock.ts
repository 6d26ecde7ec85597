import type { Clock } from '@opencpm/cpm';
import { type Clock as PlatformClock, type TimerBucket, type TimerEntry, TimerWheel } from '@opencpm/sip';

/** The clock of the functions over that of the platform. What waits, waits by a wheel: nearly every wait is cancelled. */
export function functionClock(clock: PlatformClock): Clock {
  const wheel = new TimerWheel(clock);
  return {
    now: () => clock.now(),
    wait(untilMilliseconds) {
      const waiting = new Wait();
      wheel.arm(waiting, untilMilliseconds);
      const cancel = () => {
        wheel.cancel(waiting);
        waiting.end(false);
      };
      return { over: waiting.over, cancel };
    },
  };
}

class Wait implements TimerEntry {
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly over: Promise<boolean>;
  readonly end: (isOver: boolean) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.over = promise;
    this.end = resolve;
  }

  expired(): void {
    this.end(true);
  }
}
