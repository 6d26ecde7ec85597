import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLedger, checkRun, checkTests } from './checker.ts';
import type { Clause, Ledger } from './ledger.ts';
import { ledgerAfter } from './ledger.ts';
import { arrives, content, header, proof } from './property.ts';
import { requestAt } from './selector.ts';

const clauses: readonly Clause[] = ['A-1-01', 'A-1-02', 'A-1-03'].map((id) => ({ id, level: 'SHALL' }));
const sound: Ledger = {
  testedAtLeast: 1,
  tested: ['A-1-01'],
  closed: [{ id: 'A-1-02', reason: 'A newer clause stands in its place.', replacedBy: ['A-1-01'] }],
  open: ['A-1-03'],
};

describe('the ledger', () => {
  test('is sound when each id is in one list', () => {
    assert.deepEqual(checkLedger(clauses, sound), []);
  });

  test('is refused when an id is in none of the lists', () => {
    assert.deepEqual(checkLedger(clauses, { ...sound, open: [] }), ['A-1-03: in none of the three lists']);
  });

  test('is refused when an id is in two lists', () => {
    assert.deepEqual(checkLedger(clauses, { ...sound, open: ['A-1-03', 'A-1-01'] }), ['A-1-01: listed 2 times']);
  });

  test('is refused when it lists what is no clause', () => {
    assert.deepEqual(checkLedger(clauses, { ...sound, open: ['A-1-03', 'A-1-99'] }), ['A-1-99: is no clause']);
  });

  test('is refused when the clause that replaced a closed one is no longer tested', () => {
    const untrue = { ...sound, testedAtLeast: 0, tested: [], open: ['A-1-01', 'A-1-03'] };
    assert.deepEqual(checkLedger(clauses, untrue), ['A-1-02: closed because of A-1-01, which is not tested']);
  });

  test('is refused when a clause is closed without a reason', () => {
    const silent = { ...sound, closed: [{ id: 'A-1-02', reason: ' ', replacedBy: [] }] };
    assert.deepEqual(checkLedger(clauses, silent), ['A-1-02: closed without a reason']);
  });

  test('is refused when fewer ids are tested than before', () => {
    assert.deepEqual(checkLedger(clauses, { ...sound, testedAtLeast: 2 }), ['1 ids are tested; there were 2']);
  });

  test('takes over what a run has proved', () => {
    const after = ledgerAfter(sound, clauses, new Set(['A-1-01', 'A-1-03']));
    assert.deepEqual(after, { ...sound, testedAtLeast: 2, tested: ['A-1-01', 'A-1-03'], open: [] });
  });

  test('keeps the number when a run proves less, and is refused then', () => {
    const after = ledgerAfter({ ...sound, closed: [] }, clauses, new Set());
    assert.deepEqual(after, { testedAtLeast: 1, tested: [], closed: [], open: ['A-1-01', 'A-1-02', 'A-1-03'] });
    assert.deepEqual(checkLedger(clauses, after), ['0 ids are tested; there were 1']);
  });
});

describe('a run', () => {
  test('agrees when the tested ids are proved and no others', () => {
    assert.deepEqual(checkRun(sound, { proved: new Set(['A-1-01']), failed: new Set() }), []);
  });

  test('is refused when a tested id is broken', () => {
    const problems = checkRun(sound, { proved: new Set(), failed: new Set(['A-1-01']) });
    assert.deepEqual(problems, ['A-1-01: listed as tested, and its proof does not hold']);
  });

  test('is refused when no test names a tested id', () => {
    const problems = checkRun(sound, { proved: new Set(), failed: new Set() });
    assert.deepEqual(problems, ['A-1-01: listed as tested, and no test names it']);
  });

  test('is refused when an open or a closed id is proved', () => {
    const problems = checkRun(sound, { proved: new Set(['A-1-01', 'A-1-02', 'A-1-03']), failed: new Set() });
    assert.deepEqual(problems, [
      'A-1-03: listed as open, and proved; move it to tested',
      'A-1-02: listed as closed, and proved; take it out of closed',
    ]);
  });
});

describe('a conformance test', () => {
  const message = requestAt('bob', 'MESSAGE');

  test('names clauses that exist, at most eight', () => {
    const many = Array.from({ length: 9 }, (_, index) => `A-1-0${index + 1}`);
    const problems = checkTests(clauses, [{ name: 'everything', proofs: [proof(many, message, arrives())] }]);
    assert.equal(problems[0], "'everything' names more than 8 ids");
    assert.equal(problems.filter((problem) => problem.endsWith('which is no clause')).length, 6);
  });

  test('has only proofs that can be broken', () => {
    const unbreakable = proof(['A-1-01'], message, { kind: 'arrives', exactly: 0 });
    const problems = checkTests(clauses, [{ name: 'silence', proofs: [unbreakable] }]);
    assert.deepEqual(problems, ["'silence' has a proof of A-1-01 that no tampering can break"]);
    const breakable = [header('Subject').present(), content.equals('x'), arrives()].map((property) => proof(['A-1-01'], message, property));
    assert.deepEqual(checkTests(clauses, [{ name: 'speech', proofs: breakable }]), []);
  });
});
