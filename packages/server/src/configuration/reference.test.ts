import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { configurationReference } from './reference.ts';
import { configurationSchema } from './schema.ts';
import { everyKey } from './schema-walk.ts';

test('docs/configuration.md is what the schema says (else run scripts/generate-docs.ts)', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8');
  assert.equal(page, configurationReference());
});

test('the page explains every key, with its default or that it is required', () => {
  const page = configurationReference();
  for (const { path } of everyKey(configurationSchema)) {
    const entry = page.split(`### \`${path.join('.')}\`\n`)[1]?.split('\n#')[0];
    assert.match(entry ?? '', /\n- Value: [^\n]+\n- (?:Required|Default: )/, path.join('.'));
  }
});
