import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Random, SrvRecord } from '../platform.ts';
import { inOrderOfService } from './locate-srv.ts';

/** A sequence that a number begins and that repeats for nobody (Lehmer's generator). */
function seeded(seed: number): Random {
  let state = (seed % 2_147_483_646) + 1;
  const octet = () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state >> 8) & 0xff;
  };
  return { bytes: (count) => Uint8Array.from({ length: count }, octet) };
}

const constant = (octet: number): Random => ({ bytes: (count) => new Uint8Array(count).fill(octet) });

function record(target: string, priority: number, weight: number): SrvRecord {
  return { target, priority, weight, port: 5060 };
}

const records = fc.array(
  fc.record({ priority: fc.nat(3), weight: fc.oneof(fc.constant(0), fc.nat(65_535)), port: fc.constant(5060), target: fc.domain() }),
  { maxLength: 12 },
);

describe('the order of servers (RFC 2782)', () => {
  it('holds every record once, lower priority always first', () => {
    fc.assert(
      fc.property(records, fc.nat(), (given, seed) => {
        const ordered = inOrderOfService(given, seeded(seed));
        assert.equal(ordered.length, given.length);
        assert.deepEqual(new Set(ordered), new Set(given));
        const priorities = ordered.map(({ priority }) => priority);
        assert.deepEqual(
          priorities,
          priorities.toSorted((one, other) => one - other),
        );
      }),
    );
  });

  it('follows from the random octets alone', () => {
    fc.assert(
      fc.property(records, fc.nat(), (given, seed) => {
        assert.deepEqual(inOrderOfService(given, seeded(seed)), inOrderOfService(given, seeded(seed)));
      }),
    );
  });

  it('gives each server of a priority the share of first places that its weight asks for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 }), fc.nat(), (weights, seed) => {
        const given = weights.map((weight, index) => record(`s${index}`, 0, weight));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const random = seeded(seed);
        const rounds = 2_000;
        const firsts = new Map<string, number>();
        for (let round = 0; round < rounds; round += 1) {
          const target = inOrderOfService(given, random)[0]?.target ?? '';
          firsts.set(target, (firsts.get(target) ?? 0) + 1);
        }
        for (const { target, weight } of given) {
          const share = weight / total;
          // Six standard deviations of the binomial distribution, and one for what rounding to whole draws does.
          const allowed = 6 * Math.sqrt((share * (1 - share)) / rounds) + 1 / total;
          assert.ok(Math.abs((firsts.get(target) ?? 0) / rounds - share) <= allowed, `${target} of ${weights}`);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('leaves a server without weight a small chance, at the draw of 0', () => {
    const given = [record('heavy', 0, 10), record('weightless', 0, 0)];
    assert.equal(inOrderOfService(given, constant(0))[0]?.target, 'weightless');
    assert.equal(inOrderOfService(given, constant(0xff))[0]?.target, 'heavy');
    assert.deepEqual(inOrderOfService([record('a', 0, 0), record('b', 0, 0)], constant(0xff)).length, 2);
  });
});
