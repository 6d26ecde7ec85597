import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from './seeded-random.ts';

const draws = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.word());

describe('SeededRandom', () => {
  it('gives the same sequence for the same seed and another one for a near seed', () => {
    assert.deepEqual(draws(new SeededRandom(7), 100), draws(new SeededRandom('7'), 100));
    const near = new Set(draws(new SeededRandom(8), 100));
    assert.equal(draws(new SeededRandom(7), 100).filter((word) => near.has(word)).length, 0);
  });

  it('keeps its sequence from release to release, so that a noted seed stays worth noting', () => {
    assert.deepEqual(draws(new SeededRandom(1), 4), [2_863_164_244, 773_016_552, 218_760_040, 1_375_530_481]);
    assert.equal(Buffer.from(new SeededRandom(1).bytes(6)).toString('hex'), '546ba8aae84b');
  });

  it('gives a fork that does not depend on how much was drawn before', () => {
    const fresh = new SeededRandom('world');
    const used = new SeededRandom('world');
    draws(used, 10);
    assert.deepEqual(draws(fresh.fork('network'), 10), draws(used.fork('network'), 10));
    assert.notDeepEqual(draws(fresh.fork('network'), 10), draws(fresh.fork('traffic'), 10));
  });

  it('draws whole numbers below a bound, every one about as often', () => {
    const random = new SeededRandom('uniform');
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 7_000; draw += 1) {
      const number = random.integer(7);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].toSorted(), [0, 1, 2, 3, 4, 5, 6]);
    for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, `${count} of 1000 expected`);
    assert.equal(random.integer(1), 0);
    assert.throws(() => random.integer(0), /bound/);
  });

  it('keeps to both ends of a range', () => {
    const random = new SeededRandom('range');
    const numbers = new Set(Array.from({ length: 200 }, () => random.between(3, 5)));
    assert.deepEqual([...numbers].toSorted(), [3, 4, 5]);
  });

  it('knows certain, impossible and likely', () => {
    const random = new SeededRandom('chance');
    const hits = (probability: number) => Array.from({ length: 4_000 }, () => random.chance(probability)).filter(Boolean).length;
    assert.equal(hits(0), 0);
    assert.equal(hits(1), 4_000);
    const quarter = hits(0.25);
    assert.ok(quarter > 900 && quarter < 1_100, `${quarter} of 1000 expected`);
  });

  it('picks every element sooner or later, and none from nothing', () => {
    const random = new SeededRandom('pick');
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', undefined])));
    assert.deepEqual(picked, new Set(['a', 'b', undefined]));
    assert.throws(() => random.pick([]), /empty/);
  });

  it('fills as many octets as were asked for', () => {
    for (const count of [0, 1, 4, 5, 33]) assert.equal(new SeededRandom(1).bytes(count).length, count);
  });
});
