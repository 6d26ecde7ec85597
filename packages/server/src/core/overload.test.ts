import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Overload } from './overload.ts';

const limits = { eventLoopDelayMilliseconds: 200, pendingCommits: 1000 };

function loaded() {
  const load = { eventLoopDelayMilliseconds: 0, pendingCommits: 0 };
  return { load, overload: new Overload(load, limits) };
}

test('a late event loop is an overload until it is at half of its limit again', () => {
  const { load, overload } = loaded();
  const seen = [199, 201, 150, 101, 100, 150, 201].map((delay) => {
    load.eventLoopDelayMilliseconds = delay;
    return overload.isOverloaded;
  });
  assert.deepEqual(seen, [false, true, true, true, false, false, true]);
});

test('so is a queue of commits of which less than a fifth is free', () => {
  const { load, overload } = loaded();
  const seen = [800, 801, 500, 400, 700].map((pending) => {
    load.pendingCommits = pending;
    return overload.isOverloaded;
  });
  assert.deepEqual(seen, [false, true, true, false, false]);
});
