import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { type TestContext, test } from 'node:test';
import { releaseMemoryAtRest } from './memory-at-rest.ts';

const lookMilliseconds = 10_000;

/** What is done at rest, in its order, while the event loop works the shares of each look's time that are given. */
function doneAt(context: TestContext, shares: readonly number[]): readonly string[] {
  const done: string[] = [];
  const before = Object.getOwnPropertyDescriptor(globalThis, 'gc');
  Object.defineProperty(globalThis, 'gc', { value: () => done.push('collected'), configurable: true, writable: true });
  context.after(() => (before === undefined ? Reflect.deleteProperty(globalThis, 'gc') : Object.defineProperty(globalThis, 'gc', before)));
  let utilization = 0;
  context.mock.method(performance, 'eventLoopUtilization', () => ({ utilization, active: 0, idle: 0 }));
  context.mock.timers.enable({ apis: ['setInterval'] });
  const end = releaseMemoryAtRest(() => done.push('forgot'));
  for (const share of shares) {
    utilization = share;
    done.push('look');
    context.mock.timers.tick(lookMilliseconds);
  }
  end();
  context.mock.timers.tick(10 * lookMilliseconds);
  return done;
}

const looks = (count: number) => Array.from({ length: count }, () => 'look');
const release = ['forgot', 'collected', 'collected'];

test('what is kept only for speed is let go before memory is collected, once after each time of work', (context) => {
  const shares = [0.9, 0, 0, 0, 0, 0, 0, 0.06, 0.04, 0, 0, 0, 0];
  assert.deepEqual(doneAt(context, shares), [...looks(5), ...release, ...looks(7), ...release, ...looks(1)]);
});

test('nothing is let go while there is work again and again', (context) => {
  const shares = [0, 0, 0, 0.06, 0, 0, 0, 0.06];
  assert.deepEqual(doneAt(context, shares), looks(8));
});
