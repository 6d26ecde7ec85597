import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nearestKey } from './nearest-key.ts';

const known = ['domain', 'listen', 'storage', 'trustedPeers', 'users', 'routes', 'policy'];

test('the nearest known key is suggested', () => {
  assert.equal(nearestKey('lsten', known), 'listen');
  assert.equal(nearestKey('trusted_peers', known), 'trustedPeers');
  assert.equal(nearestKey('Domain', known), 'domain');
  assert.equal(nearestKey('user', known), 'users');
});

test('nothing is suggested when nothing is near', () => {
  assert.equal(nearestKey('tls', known), undefined);
  assert.equal(nearestKey('certificate', known), undefined);
  assert.equal(nearestKey('anything', []), undefined);
});
