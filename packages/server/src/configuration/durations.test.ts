import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatDuration, parseDuration } from './durations.ts';

test('a duration is a whole number and a unit', () => {
  const written = ['500ms', '10s', '5m', '1h', '7d', '0s', ' 10s '];
  assert.deepEqual(written.map(parseDuration), [500, 10_000, 300_000, 3_600_000, 604_800_000, 0, 10_000]);
});

test('anything else is no duration', () => {
  for (const text of ['', '10', 's', '1.5h', '-1s', '1w', '10 s', '1h30m', '1S', '1234567890s', '10s\n10s']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('a duration is printed with the largest unit that divides it', () => {
  assert.deepEqual([500, 10_000, 90_000, 300_000, 86_400_000, 604_800_000, 0].map(formatDuration), [
    '500ms',
    '10s',
    '90s',
    '5m',
    '1d',
    '7d',
    '0ms',
  ]);
});
