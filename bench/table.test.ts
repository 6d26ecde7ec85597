import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pair } from './pair.ts';
import { formatTable } from './table.ts';

function pair(peer: number, own: number): Pair {
  return new Map([['relay_cpu', { peer: new Map([['cpu', peer]]), own: new Map([['cpu', own]]) }]]);
}

test('the ratio is that of each pair and its median, not that of the medians', () => {
  const rows = [{ figure: 'relay_cpu', number: 'cpu', title: 'CPU', ratio: true }];
  const lines = formatTable(rows, [pair(1, 4), pair(2, 4), pair(4, 4)], 'peer').split('\n');
  assert.match(lines[0] ?? '', /^ +peer +opencpm +ratio/);
  assert.match(lines[1] ?? '', /^CPU +2 +4 +2\.00 \(4\.00 2\.00 1\.00\)$/);
});

test('a number that a side did not measure is a dash and has no ratio', () => {
  const rows = [{ figure: 'relay_cpu', number: 'memory', title: 'memory', ratio: true }];
  assert.match(formatTable(rows, [pair(1, 4)], 'peer').split('\n')[1] ?? '', /^memory +- +-$/);
});
