import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from './node/test-support/manual-clock.ts';
import { type TimerBucket, type TimerEntry, TimerWheel } from './timer-wheel.ts';

class Probe implements TimerEntry {
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly firedAt: number[] = [];
  onExpired: (now: number) => void = () => undefined;

  expired(now: number): void {
    this.firedAt.push(now);
    this.onExpired(now);
  }
}

describe('timer wheel', () => {
  it('fires each entry once, never early, at most 20 ms late (200 ms what was seconds away), whatever is moved and cancelled, over one clock wake', () => {
    const move = fc.record({
      probe: fc.integer({ min: 0, max: 9 }),
      after: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 40_000 })),
      cancel: fc.boolean(),
      wait: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const clock = new ManualClock();
        const wheel = new TimerWheel(clock);
        const probes = Array.from({ length: 10 }, () => new Probe());
        const expected = probes.map(() => Number.POSITIVE_INFINITY);
        const latest = probes.map(() => 20);
        const check = (probe: Probe, index: number) => {
          probe.onExpired = (now) => {
            const due = expected[index] ?? 0;
            assert.ok(now >= due && now - due <= (latest[index] ?? 0), `fired at ${now} for ${due}`);
            expected[index] = Number.POSITIVE_INFINITY;
          };
        };
        probes.forEach(check);
        for (const { probe, after, cancel, wait } of moves) {
          const entry = probes[probe];
          assert.ok(entry);
          expected[probe] = cancel ? Number.POSITIVE_INFINITY : clock.time + after;
          latest[probe] = after > 4_980 ? 200 : 20;
          wheel.arm(entry, expected[probe] ?? 0);
          clock.advance(wait);
        }
        clock.advance(41_000);
        assert.deepEqual(
          expected,
          probes.map(() => Number.POSITIVE_INFINITY),
        );
        assert.equal(clock.wakes, 0);
        assert.ok(clock.mostWakes <= 1);
      }),
    );
  });

  it('lets an entry that fires arm itself and cancel one of the same bucket', () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const [first, second] = [new Probe(), new Probe()];
    // Whichever fires first cancels the other one and arms itself again once.
    first.onExpired = () => {
      wheel.cancel(second);
      if (first.firedAt.length === 1) wheel.arm(first, clock.time + 100);
    };
    second.onExpired = () => {
      wheel.cancel(first);
      if (second.firedAt.length === 1) wheel.arm(second, clock.time + 100);
    };
    wheel.arm(first, 10);
    wheel.arm(second, 15);
    clock.advance(1_000);
    assert.deepEqual([first.firedAt.length, second.firedAt.length].sort(), [0, 2]);
  });

  it('forgets everything when cleared', () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const probe = new Probe();
    wheel.arm(probe, 10);
    wheel.clear();
    clock.advance(100);
    assert.deepEqual(probe.firedAt, []);
    assert.equal(clock.wakes, 0);
  });
});
