import assert from 'node:assert/strict';
import { test } from 'node:test';

import { instanceId } from './instance-id.ts';

test('the instance id is a UUID URN, the same at every run', () => {
  const first = instanceId('listen', 'sip:bob@example.net');
  assert.match(first, /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/);
  assert.equal(instanceId('listen', 'sip:bob@example.net'), first);
});

test('it differs by role, by identity and by machine', () => {
  const ids = [
    instanceId('listen', 'sip:bob@example.net', 'one'),
    instanceId('send', 'sip:bob@example.net', 'one'),
    instanceId('listen', 'sip:alice@example.net', 'one'),
    instanceId('listen', 'sip:bob@example.net', 'two'),
  ];
  assert.equal(new Set(ids).size, 4);
});
