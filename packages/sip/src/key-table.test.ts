import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashSeed } from './key-hash.ts';
import { KeyTable } from './key-table.ts';

describe('a key table', () => {
  it('does what a Map does', () => {
    const key = fc.nat(200).map((number) => `z9hG4bK${number}`);
    const step = fc.oneof(fc.record({ kind: fc.constant('set' as const), key }), fc.record({ kind: fc.constant('delete' as const), key }));
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 400 }), (seed, steps) => {
        const table = new KeyTable<object>(seed);
        const map = new Map<string, object>();
        for (const { kind, key: name } of steps) {
          const value = {};
          if (kind === 'set') {
            table.set(name, value);
            map.set(name, value);
          } else {
            table.delete(name);
            map.delete(name);
          }
          assert.equal(table.get(name), map.get(name));
          assert.equal(table.size, map.size);
        }
        assert.deepEqual(new Set(table.values()), new Set(map.values()));
        for (const [name, value] of map) assert.equal(table.get(name), value);
      }),
    );
  });

  it('stays as small as what it holds at once, whatever passes through', () => {
    const table = new KeyTable<number>(hashSeed({ bytes: () => Uint8Array.of(0xff, 1, 2, 3) }));
    for (let index = 0; index < 100_000; index += 1) {
      table.set(`key ${index}`, index);
      if (index >= 10) table.delete(`key ${index - 10}`);
    }
    assert.deepEqual([...table.values()].sort(), Array.from({ length: 10 }, (_, index) => 99_990 + index).sort());
    table.clear();
    assert.deepEqual([table.size, table.has('key 99999'), table.values()], [0, false, []]);
  });

  it('gives values that stay while the table changes', () => {
    const table = new KeyTable<string>(5);
    table.set('a', 'first');
    table.set('b', 'second');
    for (const value of table.values()) {
      table.delete(value === 'first' ? 'b' : 'a');
      table.set(`from ${value}`, value);
    }
    assert.deepEqual([...table.values()].sort(), ['first', 'second']);
  });
});
