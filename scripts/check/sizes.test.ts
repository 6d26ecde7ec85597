import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Allowances, AllowanceUse } from './allowances.ts';
import { checkSizes, limits } from './sizes.ts';
import { parseSource } from './source.ts';

const none: Allowances = { longFunctions: {}, longFiles: {}, casts: {}, console: {}, leftovers: {} };
const path = 'packages/sip/src/a.ts';

/** Findings as `line message`. */
function check(text: string, file: string = path, table: Allowances = none): string[] {
  return checkSizes(parseSource(file, text), new AllowanceUse(table)).map((finding) => `${finding.line} ${finding.message}`);
}

function functionOf(lines: number): string {
  return `function long() {\n${'  call();\n'.repeat(lines - 2)}}\n`;
}

describe('lines of a function', () => {
  it('are counted from its first to its last, and the limit itself passes', () => {
    assert.deepEqual(check(functionOf(limits.functionLines)), []);
    assert.deepEqual(check(`\n${functionOf(limits.functionLines + 1)}`), [`2 long has 71 lines (limit 70)`]);
  });

  it('are counted for arrows and methods too', () => {
    const body = '  call();\n'.repeat(80);
    assert.deepEqual(check(`const run = () => {\n${body}};`), ['1 run has 82 lines (limit 70)']);
    assert.deepEqual(check(`class A { step() {\n${body}} }`), ['1 step has 82 lines (limit 70)']);
  });

  it('pass in a table with a reason and around the tests of a suite', () => {
    assert.deepEqual(check(functionOf(90), path, { ...none, longFunctions: { [`${path}#long`]: 'one row for each header' } }), []);
    const tests = "  it('a', run);\n".repeat(80);
    for (const text of [`describe('x', () => {\n${tests}});`, `eachEngine((open) => {\n${tests}});`]) {
      assert.deepEqual(check(text, 'packages/sip/src/a.test.ts'), []);
      assert.equal(check(text).length, 1);
    }
  });
});

describe('lines of a file', () => {
  it('have one limit for sources and a wider one for tests', () => {
    const text = 'call();\n'.repeat(limits.fileLines);
    assert.deepEqual(check(text), []);
    assert.deepEqual(check(`${text}call();\n`), ['501 file of 501 lines (limit 500)']);
    assert.deepEqual(check(`${text}call();\n`, 'packages/sip/src/a.test.ts'), []);
    assert.deepEqual(check('call();\n'.repeat(801), 'packages/sip/src/a.test.ts'), ['801 file of 801 lines (limit 800)']);
  });
});

describe('parameters', () => {
  it('are at most four, in declarations and in types', () => {
    assert.deepEqual(check('function f(this: X, a: A, b: B, c: C, d: D) {}'), []);
    assert.deepEqual(check('function f(a: A, b: B, c: C, d: D, e: E) {}'), ['1 f has 5 parameters (limit 4); take a record']);
    assert.deepEqual(check('interface P { send(a: A, b: B, c: C, d: D, e: E): void }').length, 1);
  });
});

describe('nesting', () => {
  const nested = (depth: number): string => `function f() { ${'if (a) { '.repeat(depth)}b();${' }'.repeat(depth)} }`;

  it('is at most four branches and loops deep', () => {
    assert.deepEqual(check(nested(4)), []);
    assert.deepEqual(check(nested(5)), ['1 f nests 5 deep (limit 4)']);
    assert.deepEqual(
      check('function f() { for (;;) { while (a) { switch (b) { default: try { if (c) d(); } catch { e(); } } } } }').length,
      1,
    );
  });

  it('does not count a chain of else if, and starts anew in a function', () => {
    assert.deepEqual(check('function f() { if (a) b(); else if (c) d(); else if (e) g(); else if (h) i(); else if (j) k(); }'), []);
    assert.deepEqual(check('function f() { if (a) { if (b) { if (c) { g(() => { if (d) { if (e) h(); } }); } } } }'), []);
  });
});
