import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from './seeded-random.ts';
import { settle } from './settle.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('stands still until it is told to run', async () => {
    const clock = new VirtualClock(1_000);
    let woken = false;
    clock.wakeAt(1_000, () => {
      woken = true;
    });
    await settle();
    assert.equal(clock.now(), 1_000);
    assert.equal(woken, false);
  });

  it('fires wakes by time, and those of one time in the order in which they were asked for', async () => {
    const clock = new VirtualClock(0);
    const random = new SeededRandom('order');
    const asked = Array.from({ length: 500 }, (_, index) => ({ at: random.integer(40), index }));
    const fired: { at: number; index: number }[] = [];
    for (const wake of asked) clock.wakeAt(wake.at, () => fired.push(wake));
    await clock.advanceTo(40);
    assert.deepEqual(
      fired,
      asked.toSorted((wake, other) => wake.at - other.at || wake.index - other.index),
    );
    assert.equal(clock.pendingWakes, 0);
  });

  it('shows each wake its own time, and the end of the run afterwards', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    for (const at of [30, 10, 20]) clock.wakeAt(at, () => seen.push(clock.now()));
    await clock.advanceTo(25);
    assert.deepEqual(seen, [10, 20]);
    assert.equal(clock.now(), 25);
    assert.equal(clock.nextWakeMilliseconds, 30);
  });

  it('lets promise chains of any length end before the next wake', async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    const chain = async () => {
      for (let step = 0; step < 1_000; step += 1) await Promise.resolve();
      order.push(`chain at ${clock.now()}`);
    };
    clock.wakeAt(1, () => void chain());
    clock.wakeAt(1, () => order.push('second wake'));
    await clock.advanceTo(1);
    assert.deepEqual(order, ['chain at 1', 'second wake']);
  });

  it('fires a wake that a promise chain asked for in the same run', async () => {
    const clock = new VirtualClock(0);
    const times: number[] = [];
    const sleep = (milliseconds: number) => new Promise<void>((resolve) => clock.wakeAt(clock.now() + milliseconds, resolve));
    const sleeper = async () => {
      for (const milliseconds of [5, 10, 0]) {
        await sleep(milliseconds);
        times.push(clock.now());
      }
    };
    await clock.runToEnd(sleeper(), 100);
    assert.deepEqual(times, [5, 15, 15]);
    assert.equal(clock.now(), 15);
  });

  it('takes a past time as now, behind what was due before', async () => {
    const clock = new VirtualClock(100);
    const order: string[] = [];
    clock.wakeAt(100, () => order.push('due'));
    clock.wakeAt(1, () => order.push(`late at ${clock.now()}`));
    await clock.runFor(0);
    assert.deepEqual(order, ['due', 'late at 100']);
  });

  it('does not fire a cancelled wake, and takes a second cancel', async () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    const cancel = clock.wakeAt(5, () => fired.push('cancelled'));
    const cancelFired = clock.wakeAt(1, () => fired.push('kept'));
    cancel();
    cancel();
    assert.equal(clock.pendingWakes, 1);
    assert.equal(clock.nextWakeMilliseconds, 1);
    await clock.advanceTo(10);
    cancelFired();
    assert.deepEqual(fired, ['kept']);
    assert.equal(clock.pendingWakes, 0);
  });

  it('stops where a predicate begins to hold, or at the limit', async () => {
    const clock = new VirtualClock(0);
    let count = 0;
    const again = () => {
      count += 1;
      clock.wakeAt(clock.now() + 10, again);
    };
    again();
    assert.equal(await clock.runUntil(() => count === 4, 1_000), true);
    assert.equal(clock.now(), 30);
    assert.equal(await clock.runUntil(() => count === 100, 50), false);
    assert.equal(clock.now(), 80);
  });

  it('gives the outcome of a promise, its rejection too, and refuses one that does not settle', async () => {
    const clock = new VirtualClock(0);
    const failing = new Promise((_resolve, reject) => clock.wakeAt(3, () => reject(new Error('as wanted'))));
    await assert.rejects(clock.runToEnd(failing, 10), /as wanted/);
    await assert.rejects(clock.runToEnd(new Promise(() => undefined), 10), /not settled within 10 ms/);
  });

  it('refuses to run backwards, twice at once, without a time, or in a loop at one instant', async () => {
    const clock = new VirtualClock(10);
    await assert.rejects(clock.advanceTo(9), /forward only/);
    assert.throws(() => clock.wakeAt(Number.NaN, () => undefined), /finite/);
    const running = clock.runFor(1);
    await assert.rejects(clock.runFor(1), /already running/);
    await running;
    const loop = () => {
      clock.wakeAt(clock.now(), loop);
    };
    loop();
    await assert.rejects(clock.runFor(1), /a loop without time/);
  });

  it('throws on what a wake throws', async () => {
    const clock = new VirtualClock(0);
    clock.wakeAt(1, () => {
      throw new Error('programmer');
    });
    await assert.rejects(clock.runFor(1), /programmer/);
    await clock.runFor(1);
  });
});

describe('ProcessClock', () => {
  it('differs from the world by its skew', async () => {
    const clock = new VirtualClock(1_000);
    const fast = clock.process(250);
    let wokenAt = 0;
    fast.wakeAt(1_260, () => {
      wokenAt = clock.now();
    });
    assert.equal(fast.now(), 1_250);
    await clock.runFor(100);
    assert.equal(wokenAt, 1_010);
  });

  it('wakes nobody after its stop, while the world and other processes go on', async () => {
    const clock = new VirtualClock(0);
    const dying = clock.process();
    const living = clock.process();
    const woken: string[] = [];
    dying.wakeAt(5, () => woken.push('before'));
    dying.wakeAt(15, () => woken.push('after'));
    living.wakeAt(15, () => woken.push('other'));
    await clock.advanceTo(10);
    assert.equal(dying.pendingWakes, 1);
    dying.stop();
    dying.wakeAt(16, () => woken.push('leftover'));
    assert.equal(dying.pendingWakes, 0);
    await clock.advanceTo(20);
    assert.deepEqual(woken, ['before', 'other']);
    assert.equal(clock.pendingWakes, 0);
  });

  it('cancels like the clock of the world', async () => {
    const clock = new VirtualClock(0);
    const process = clock.process();
    const cancel = process.wakeAt(5, () => assert.fail('cancelled'));
    cancel();
    cancel();
    assert.equal(process.pendingWakes, 0);
    await clock.advanceTo(10);
  });
});
