import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RecentEntries } from './recent-entries.ts';

it('forgets the oldest entry beyond its limit, and keeps what was set anew', () => {
  const entries = new RecentEntries<number>(2);
  entries.set('a', 1);
  entries.set('b', 2);
  entries.set('a', 3);
  entries.set('c', 4);
  assert.deepEqual([entries.get('a'), entries.has('b'), entries.get('c')], [3, false, 4]);
});
