import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { metricDefinitions } from './metric-definitions.ts';
import { limitsTable, metricsTable } from './operating-tables.ts';

test('docs/operating.md has the metrics and the limits of the code (else run scripts/generate-docs.ts)', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/operating.md'), 'utf8');
  assert.ok(page.includes(`-->\n\n${metricsTable()}\n\n<!--`), 'metrics');
  assert.ok(page.includes(`-->\n\n${limitsTable()}\n\n<!--`), 'limits');
});

test('names of metrics follow the conventions of Prometheus', () => {
  for (const { name, type, help } of Object.values(metricDefinitions)) {
    assert.match(name, /^(?:opencpm|process|nodejs)_[a-z_]+$/);
    assert.equal(type === 'counter', name.endsWith('_total'), name);
    assert.match(help, /\.$/);
  }
});
