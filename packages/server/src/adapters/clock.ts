import type { Clock } from '@opencpm/cpm';
import type { Clock as PlatformClock } from '@opencpm/sip';

/** The clock of the functions over that of the platform. */
export function functionClock(clock: PlatformClock): Clock {
  return {
    now: () => clock.now(),
    wait(untilMilliseconds) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const cancelWake = clock.wakeAt(untilMilliseconds, () => resolve(true));
      const cancel = () => {
        cancelWake();
        resolve(false);
      };
      return { over: promise, cancel };
    },
  };
}
