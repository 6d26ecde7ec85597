import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describe as told } from './describe.ts';
import { answersPage } from './page.ts';
import type { Expectation } from './row.ts';
import { rows } from './table.ts';

const root = join(import.meta.dirname, '..');

describe('the answer table', () => {
  it('is docs/answers.md (else run npm run docs)', () => {
    assert.equal(readFileSync(join(root, 'docs', 'answers.md'), 'utf8'), answersPage());
  });

  it('tells every part of an expectation, so that none is compared in vain', () => {
    const whole: Required<Expectation> = {
      status: 200,
      warning: '122 Function not allowed',
      retryAfter: true,
      headers: ['Min-Expires: 60'],
      delivered: ['bob/phone'],
      deferred: ['bob'],
      stored: ['bob'],
      recorded: ['bob/phone'],
      interworked: true,
      sentOn: true,
      notification: 'failed',
      senderIsHidden: true,
      someAreDropped: true,
    };
    const texts = Object.keys(whole).map((left) => {
      const others = Object.fromEntries(Object.entries(whole).filter(([part]) => part !== left));
      return JSON.stringify(told(Object.assign({ status: 202 }, others)));
    });
    assert.equal(new Set([...texts, JSON.stringify(told(whole))]).size, texts.length + 1);
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
