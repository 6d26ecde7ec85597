import assert from 'node:assert/strict';
import { test } from 'node:test';

import { destination } from './destination.ts';

test('a recipient is a name of our domain, an address, a number or a URI', () => {
  const meant = (written: string) => {
    const found = destination(written, 'example.net');
    return found.kind === 'done' ? found.value : found.exitCode;
  };
  assert.equal(meant('bob'), 'sip:bob@example.net');
  assert.equal(meant('bob@other.example'), 'sip:bob@other.example');
  assert.equal(meant('+1-555-0001'), 'tel:+1-555-0001');
  assert.equal(meant('tel:+15550001'), 'tel:+15550001');
  assert.equal(meant('SIP:bob@example.net;user=phone'), 'SIP:bob@example.net;user=phone');
  assert.equal(meant('tel:555'), 2);
  assert.equal(meant('bob smith'), 2);
  assert.equal(meant('sip:example.net'), 2);
});
