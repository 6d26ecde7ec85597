import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameTally, StatusTally } from './tallies.ts';

test('a status is counted in its row; one outside of 100 to 699 counts as 699', () => {
  const tally = new StatusTally(2);
  for (const status of [200, 200, 100, 699, 700, 99]) tally.count(1, status);
  tally.count(0, 200);
  const seen: (readonly number[])[] = [];
  tally.each((row, status, count) => seen.push([row, status, count]));
  assert.deepEqual(seen, [
    [0, 200, 1],
    [1, 100, 1],
    [1, 200, 2],
    [1, 699, 3],
  ]);
});

test('every name is there from the start', () => {
  const tally = new NameTally(['one', 'two']);
  tally.count('two');
  tally.count('two', 3);
  assert.deepEqual(
    [...tally.entries],
    [
      ['one', 0],
      ['two', 4],
    ],
  );
});
