import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ExpiringRecords } from './expiring-records.ts';

const octetsOf = (text: string) => new TextEncoder().encode(text);
const textOf = (octets: Uint8Array | undefined) => new TextDecoder().decode(octets);

describe('expiring records', () => {
  it('are found by their key until they expire, with their mark', () => {
    const records = new ExpiringRecords<object>(1);
    const mark = {};
    records.put('MESSAGE z9hG4bKone', octetsOf('SIP/2.0 200 OK'), mark, 1000);
    const found = records.find('MESSAGE z9hG4bKone');
    assert.equal(found?.mark, mark);
    assert.deepEqual([textOf(found?.octets), found?.expiresAt, records.nextExpiry], ['SIP/2.0 200 OK', 1000, 1000]);
    records.expire(999);
    assert.equal(records.has('MESSAGE z9hG4bKone'), true);
    records.expire(1000);
    assert.deepEqual([records.find('MESSAGE z9hG4bKone'), records.size, records.nextExpiry], [undefined, 0, Number.POSITIVE_INFINITY]);
  });

  it('tell keys apart that fall on one slot, by every character', () => {
    const records = new ExpiringRecords<string>(7);
    const keys = Array.from({ length: 2000 }, (_, index) => `key ${index}`);
    for (const key of keys) records.put(key, octetsOf(key), key, 1);
    for (const key of keys) assert.equal(textOf(records.find(key)?.octets), key);
    assert.equal(records.has('key 2000'), false);
    assert.equal(records.has('key'), false);
  });

  it('are copies: what is found does not change when its page is used again', () => {
    const records = new ExpiringRecords<string>(7);
    records.put('a', octetsOf('first'), 'mark', 1);
    const octets = records.find('a')?.octets;
    records.expire(1);
    records.put('b', octetsOf('later'), 'mark', 2);
    assert.equal(textOf(octets), 'first');
  });

  it('use their pages again, so that what passes through leaves nothing', () => {
    const records = new ExpiringRecords<string>(3);
    const answer = new Uint8Array(60_000).fill(1);
    for (let time = 0; time < 2000; time += 1) {
      records.expire(time);
      records.put(`key ${time}`, answer, 'mark', time + 10);
    }
    assert.equal(records.size, 10);
    assert.deepEqual(records.find('key 1999')?.octets, answer);
    assert.throws(() => records.put('long', new Uint8Array(1_100_000), 'mark', 1), RangeError);
  });

  it('take new ones when all are gone, however many there were', () => {
    const records = new ExpiringRecords<string>(3);
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);
    for (const time of [0, 10]) {
      for (const key of keys) records.put(key, octetsOf(`${key} ${time}`), key, time + 5);
      for (const key of keys) assert.equal(textOf(records.find(key)?.octets), `${key} ${time}`);
      records.expire(time + 5);
      assert.deepEqual([records.size, records.has('key 1'), records.nextExpiry], [0, false, Number.POSITIVE_INFINITY]);
    }
  });

  it('do what a Map in order of insertion would do', () => {
    const key = fc.nat(12).map((number) => `key ${number}`);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, length: fc.nat(90_000) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('expire' as const), after: fc.nat(5) }),
      fc.record({ kind: fc.constant('drop' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const records = new ExpiringRecords<number>(seed);
        const model = new Map<string, { length: number; expiresAt: number }>();
        let now = 0;
        for (const [index, action] of steps.entries()) {
          switch (action.kind) {
            case 'put':
              model.delete(action.key);
              model.set(action.key, { length: action.length, expiresAt: now + 3 });
              records.put(action.key, new Uint8Array(action.length).fill(index), index, now + 3);
              break;
            case 'delete':
              model.delete(action.key);
              records.delete(action.key);
              break;
            case 'expire':
              now += action.after;
              for (const [known, { expiresAt }] of model) if (expiresAt <= now) model.delete(known);
              records.expire(now);
              break;
            case 'drop':
              for (const oldest of [...model.keys()].slice(0, 1)) model.delete(oldest);
              records.dropOldest();
          }
          assert.equal(records.size, model.size);
          for (const [known, { length, expiresAt }] of model) {
            const found = records.find(known);
            assert.deepEqual([found?.octets.length, found?.expiresAt], [length, expiresAt]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
