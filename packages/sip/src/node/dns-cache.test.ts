import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DnsCache } from './dns-cache.ts';

function counting(limits: { readonly entries?: number; readonly seconds?: number } = {}) {
  const asked: string[] = [];
  const clock = { time: 0 };
  const cache = new DnsCache<number>({ entries: limits.entries ?? 10, pending: 10, now: () => clock.time }, (name) => {
    asked.push(name);
    return Promise.resolve({ answer: [asked.length], seconds: limits.seconds ?? 10 });
  });
  return { cache, asked, clock };
}

it('keeps an answer as long as it is true', async () => {
  const { cache, asked, clock } = counting();
  assert.deepEqual(await cache.ask('a'), [1]);
  clock.time = 9_999;
  assert.deepEqual(await cache.ask('A'), [1]);
  clock.time = 10_000;
  assert.deepEqual(await cache.ask('a'), [2]);
  assert.deepEqual(asked, ['a', 'a']);
});

it('forgets the oldest answers above its limit', async () => {
  const { cache, asked } = counting({ entries: 2 });
  for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.ask(name);
  assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
});
