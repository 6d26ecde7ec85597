import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineRows, pairOf, readFigures } from './engines-figures.ts';

const printed = [
  '{"figure":"store_rate","server":"sqlite","window":1,"cpu_s_per_10k":5,"in_database":null}',
  '{"figure":"store_rate","server":"sqlite","window":16,"cpu_s_per_10k":2}',
  '{"figure":"deliver","server":"sqlite","copies":0}',
  '',
].join('\n');

test('figures are told apart by how many were in flight, and hold the numbers alone', () => {
  const figures = readFigures(printed);
  assert.deepEqual([...figures.keys()], ['store_rate 1', 'store_rate 16', 'deliver']);
  assert.deepEqual(Object.fromEntries(figures.get('store_rate 1') ?? []), { window: 1, cpu_s_per_10k: 5 });
});

test('a line that is no figure is not left out in silence', () => {
  assert.throws(() => readFigures('{"error":"refused"}'), /without a figure/);
  assert.throws(() => readFigures('refused'), SyntaxError);
});

test('a figure of one engine alone cannot be compared', () => {
  const both = readFigures(printed);
  assert.equal(pairOf(both, both).get('store_rate 16')?.own.get('cpu_s_per_10k'), 2);
  assert.throws(() => pairOf(both, readFigures('{"figure":"deliver"}')), /only one of both engines has store_rate 1/);
});

test('one alone and so many in flight have their lines, and one alone has them once', () => {
  const figures = new Set(engineRows(64).map(({ figure }) => figure));
  assert.deepEqual([...figures], ['store_rate 1', 'store_rate 64', 'deliver', 'store_memory']);
  assert.equal(engineRows(1).filter(({ number }) => number === 'messages_per_s').length, 1);
});
