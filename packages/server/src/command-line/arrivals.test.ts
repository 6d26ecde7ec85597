import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Arrivals } from './arrivals.ts';

test('what arrives is taken in order, whether it is waited for or not', async () => {
  const arrivals = new Arrivals<number>();
  const { signal } = new AbortController();
  const first = arrivals.next(signal);
  arrivals.push(1);
  arrivals.push(2);
  arrivals.push(3);
  assert.deepEqual([await first, await arrivals.next(signal), await arrivals.next(signal)], [1, 2, 3]);
});

test('an abort ends the waiting, but not what has arrived', async () => {
  const arrivals = new Arrivals<number>();
  const abort = new AbortController();
  const waiting = arrivals.next(abort.signal);
  abort.abort();
  assert.equal(await waiting, undefined);
  arrivals.push(1);
  assert.deepEqual([await arrivals.next(abort.signal), await arrivals.next(abort.signal)], [1, undefined]);
});
