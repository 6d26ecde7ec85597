import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { it } from 'node:test';
import { deferredMessageLadder, relayedMessageLadder } from './ladders.ts';

it('docs/architecture.md shows what goes over the wire (else run scripts/generate-docs.ts)', async () => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/architecture.md'), 'utf8');
  assert.ok(page.includes(`\n${(await relayedMessageLadder()).trimEnd()}\n`), 'a relayed message');
  assert.ok(page.includes(`\n${(await deferredMessageLadder()).trimEnd()}\n`), 'a deferred message');
});
