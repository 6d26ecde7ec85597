import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpiryGrace } from './expiry-grace.ts';

test('while another node is there, or was a moment ago, its clients may still answer', () => {
  const grace = new ExpiryGrace(6000);
  assert.equal(grace.at(1_000_000), 80_000, 'nobody has looked yet');
  grace.looked(1000, true);
  grace.looked(3000, false);
  assert.deepEqual([grace.at(3000), grace.at(82_999)], [80_000, 80_000]);
});

test('a node that has been alone for so long is late by a lease only, and no longer once another one is there', () => {
  const grace = new ExpiryGrace(6000);
  for (let now = 1000; now <= 81_000; now += 2000) grace.looked(now, false);
  assert.equal(grace.at(81_000), 6000);
  grace.looked(83_000, true);
  assert.equal(grace.at(83_000), 80_000);
  grace.looked(85_000, false);
  assert.equal(grace.at(164_999), 80_000, 'it counts from when the other one was gone');
  assert.equal(grace.at(165_000), 6000);
});

test('who could not look does not know who was there meanwhile', () => {
  const grace = new ExpiryGrace(6000);
  grace.looked(1000, false);
  assert.equal(grace.at(81_000), 6000);
  grace.lost();
  assert.equal(grace.at(81_000), 80_000);
  grace.looked(90_000, false);
  assert.deepEqual([grace.at(169_999), grace.at(170_000)], [80_000, 6000]);
});

test('a lease longer than an answer takes makes nothing later', () => {
  const grace = new ExpiryGrace(300_000);
  grace.looked(0, false);
  assert.equal(grace.at(80_000), 80_000);
});
