import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** How often it is looked whether there is work. */
const lookMilliseconds = 10_000;
/** The share of its time that the event loop works, below which the server is at rest: some ten messages in a second. */
const restUtilization = 0.05;
/** Looks without work before memory is given back: by then no transaction is held (Timer J, RFC 3261 §17.2.2). */
const looksAtRest = 4;
/** The first leaves half of the room for new objects and pages that it has just emptied; the second gives those back. */
const collections = 2;

/**
 * Gives back to the system, once after each time of work, what V8 keeps in reserve for more of it: half of a server's
 * memory and more. `forget` lets go beforehand of what is kept only for speed. It takes two full collections of a tenth
 * of a second each, which is why it waits for rest. Does nothing where the program was started without `--expose-gc`,
 * which the launcher gives. Returns how to end it.
 */
export function releaseMemoryAtRest(forget: () => void): () => void {
  const { gc } = globalThis;
  if (gc === undefined) return () => undefined;
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  let looks = 0;
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(before);
    looks = utilization < restUtilization ? looks + 1 : 0;
    if (looks === looksAtRest) {
      forget();
      for (let turn = 0; turn < collections; turn += 1) gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    }
    before = performance.eventLoopUtilization();
  }, lookMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
