import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { QueueFault } from '@opencpm/cpm';
import { VirtualClock } from '@opencpm/testkit';
import { functionClock } from './clock.ts';
import { triedAgain } from './tried-again.ts';

const busy: QueueFault = { kind: 'fault', temporary: true, reason: 'busy' };
const broken: QueueFault = { kind: 'fault', temporary: false, reason: 'broken' };

async function outcomeOf(...outcomes: readonly (true | QueueFault)[]) {
  const clock = new VirtualClock(0);
  const asked: number[] = [];
  const change = () => {
    asked.push(clock.now());
    return Promise.resolve(outcomes[asked.length - 1] ?? true);
  };
  const outcome = await clock.runToEnd(triedAgain(change, functionClock(clock)), 60_000);
  return { outcome, asked, pendingWakes: clock.pendingWakes };
}

describe('a change that the database could not make', () => {
  it('is made when it can', async () => {
    assert.deepEqual(await outcomeOf(busy, busy, true), { outcome: true, asked: [0, 300, 1300], pendingWakes: 0 });
  });

  it('is a fault when it cannot for seconds', async () => {
    assert.deepEqual(await outcomeOf(busy, busy, busy, busy), { outcome: busy, asked: [0, 300, 1300, 5300], pendingWakes: 0 });
  });

  it('is not tried again when another time would be the same', async () => {
    assert.deepEqual(await outcomeOf(broken), { outcome: broken, asked: [0], pendingWakes: 0 });
    assert.deepEqual(await outcomeOf(true), { outcome: true, asked: [0], pendingWakes: 0 });
  });
});
