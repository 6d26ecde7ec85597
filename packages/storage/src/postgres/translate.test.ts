import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { translate } from './translate.ts';

const CASES: readonly (readonly [behaviour: string, sql: string, translated: string])[] = [
  ['numbers the placeholders', 'SELECT a FROM t WHERE b = ? AND c IN (?,?)', 'SELECT a FROM t WHERE b = $1 AND c IN ($2,$3)'],
  ['leaves literals', "SELECT '?', 'it''s ?', ? || '{{bytes}}'", "SELECT '?', 'it''s ?', $1 || '{{bytes}}'"],
  ['leaves quoted identifiers', 'SELECT "what?", "a""?" FROM t WHERE x = ?', 'SELECT "what?", "a""?" FROM t WHERE x = $1'],
  ['leaves comments', 'SELECT ? -- why?\n, ? /* and ? */, ?', 'SELECT $1 -- why?\n, $2 /* and ? */, $3'],
  ['writes the type of octets', 'CREATE TABLE t (a {{bytes}}, b {{bytes}} NOT NULL)', 'CREATE TABLE t (a BYTEA, b BYTEA NOT NULL)'],
  ['takes what is not closed to the end', "SELECT ?, '?", "SELECT $1, '?"],
  ['counts beyond nine', '?'.repeat(11), '$1$2$3$4$5$6$7$8$9$10$11'],
  ['leaves the rest alone', 'SELECT 1 - 2 / 3', 'SELECT 1 - 2 / 3'],
];

describe('translation for PostgreSQL', () => {
  for (const [behaviour, sql, translated] of CASES) {
    test(behaviour, () => assert.equal(translate(sql), translated));
  }
});
