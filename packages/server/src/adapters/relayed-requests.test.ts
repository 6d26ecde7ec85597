import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contributionId, userId } from '@opencpm/cpm';
import { RelayedRequests, relayedKey } from './relayed-requests.ts';

const client = { owner: userId('bob'), client: '<urn:uuid:1>' };

test('a message is held as long as one request with it is on its way, and who was held up is known', () => {
  const relayed = new RelayedRequests();
  const key = relayedKey(client, contributionId('one')) ?? assert.fail();
  const [first, second] = [relayed.add(key), relayed.add(key)];
  assert.equal(first(), false, 'nobody asked');
  assert.equal(relayed.holds(key), true);
  assert.equal(second(), true);
  assert.equal(relayed.holds(key), false);
});

test('other clients, other messages and those without an id are not held', () => {
  const relayed = new RelayedRequests();
  relayed.add(relayedKey(client, contributionId('one')) ?? assert.fail());
  assert.equal(relayed.holds(relayedKey(client, contributionId('two'))), false);
  assert.equal(relayed.holds(relayedKey({ ...client, client: '<urn:uuid:2>' }, contributionId('one'))), false);
  assert.equal(relayed.holds(relayedKey(client, undefined)), false);
});
