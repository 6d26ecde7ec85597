import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { answersPage } from './page.ts';
import { rows } from './table.ts';

const root = join(import.meta.dirname, '..');

describe('the answer table', () => {
  it('is docs/answers.md (else run npm run docs)', () => {
    assert.equal(readFileSync(join(root, 'docs', 'answers.md'), 'utf8'), answersPage());
  });

  it('names each row once, in kebab-case, short enough to be part of a user name', () => {
    const ids = rows.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const id of ids) assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(Math.max(...ids.map(({ length }) => length)) <= 50);
  });

  it('cites clauses that there are, sections of standards and decisions', () => {
    const known = new Set(Object.keys(JSON.parse(readFileSync(join(root, 'conformance', 'ids.json'), 'utf8'))));
    const cited = rows.flatMap(({ clauses }) => clauses);
    const unknown = cited.filter((clause) => !known.has(clause) && !/^(RFC \d+ §[\d.]+|3GPP TS [\d.]+ §[\d.]+|decision \d+)$/.test(clause));
    assert.deepEqual(unknown, []);
  });
});
