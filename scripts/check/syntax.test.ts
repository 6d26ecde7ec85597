import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Allowances, AllowanceUse } from './allowances.ts';
import { parseSource } from './source.ts';
import { checkSyntax } from './syntax.ts';

const none: Allowances = { longFunctions: {}, longFiles: {}, casts: {}, console: {}, leftovers: {} };

/** Findings as `rule:line`. */
function check(path: string, text: string, table: Allowances = none): string[] {
  return checkSyntax(parseSource(path, text), new AllowanceUse(table)).map((finding) => `${finding.rule}:${finding.line}`);
}

describe('portable code', () => {
  const path = 'packages/cpm/src/a.ts';

  it('reads no clock, arms no timer, rolls no dice, knows no process', () => {
    for (const text of [
      'const now = Date.now();',
      'const now = new Date();',
      'let when: Date;',
      'const dice = Math.random();',
      'setTimeout(() => undefined, 1);',
      'setInterval(() => undefined, 1);',
      'setImmediate(() => undefined);',
      'queueMicrotask(() => undefined);',
      'const now = performance.now();',
      'const name = process.env.NAME;',
      "const octets = Buffer.from('');",
      "await fetch('');",
      'const timer = { setTimeout };',
      'globalThis.Date.now();',
    ]) {
      assert.deepEqual(check(path, `\n${text}`), ['platform:2'], text);
    }
  });

  it('may name a member or a binding of its own like a global', () => {
    for (const text of [
      'headers.Date = header.Date;',
      'const names = { Date: 1, fetch() {} };',
      'interface Ports { setTimeout(): void; readonly process: string }',
      'function run(process: () => void) { process(); }',
      "import { Date } from './date.ts'; Date.parse('');",
      'const whole = Math.floor(1.5);',
    ]) {
      assert.deepEqual(check(path, text), [], text);
    }
  });

  it('ends where drivers, tests and the packages on Node begin', () => {
    const text = 'setTimeout(() => undefined, Date.now()); process.exit();';
    for (const place of ['packages/sip/src/node/clock.ts', 'packages/sip/src/a.test.ts', 'packages/server/src/a.ts', 'bench/run.ts']) {
      assert.deepEqual(check(place, text), [], place);
    }
    assert.deepEqual(check('packages/client/src/a.ts', 'process.exit(); Buffer.from([]);'), ['platform:1', 'platform:1']);
  });
});

describe('forms of the language', () => {
  it('that Node does not strip or that hide the name are refused everywhere', () => {
    for (const [text, rule] of [
      ['enum Color { Red }', 'enum'],
      ['const enum Color { Red }', 'enum'],
      ['namespace A { export const b = 1; }', 'namespace'],
      ['export default 1;', 'default-export'],
      ['export default function a() {}', 'default-export'],
      ['const a = b!;', 'non-null'],
    ]) {
      assert.deepEqual(check('packages/server/src/a.ts', text ?? ''), [`${rule}:1`], text);
      assert.deepEqual(check('scripts/a.test.ts', text ?? ''), [`${rule}:1`], text);
    }
  });

  it('that look alike are not refused', () => {
    const text = "switch (a) { default: b = !c; }\ndeclare module 'x' {}\ndeclare global {}\nexport { a as b } from './a.ts';";
    assert.deepEqual(check('packages/server/src/a.ts', text), []);
  });
});

describe('casts', () => {
  const path = 'packages/sip/src/a.ts';

  it('need a reason beside them', () => {
    assert.deepEqual(check(path, '\nconst a = b as string;'), ['cast:2']);
    assert.deepEqual(check(path, '// eslint\nconst a = b as string;'), ['cast:2']);
    assert.deepEqual(check(path, 'const a = call(\n  // The map has only strings.\n  other,\n);\nconst b = c as string;'), ['cast:5']);
  });

  it('pass with a comment on the line or the line above', () => {
    assert.deepEqual(check(path, 'const a = b as string; // The parser has checked it.'), []);
    assert.deepEqual(check(path, '// The parser has checked it.\nconst a = b as string;'), []);
    assert.deepEqual(check(path, 'const a = {\n  b: c as string, // The parser has checked it.\n};'), []);
    assert.deepEqual(check(path, '/** The parser\n * has checked it. */\nconst a = call(\n  b as string,\n);'), []);
  });

  it('share a reason on lines that follow each other, and no further', () => {
    const cast = 'const a = b as string;\n';
    assert.deepEqual(check(path, `// The parser has checked it.\n${cast}${cast}${cast}\n${cast}`), ['cast:6']);
  });

  it('as const and satisfies are none', () => {
    assert.deepEqual(check(path, 'const a = [1] as const satisfies readonly number[];'), []);
  });

  it('pass in a listed file, and a listing that saves nothing is found', () => {
    const use = new AllowanceUse({ ...none, casts: { [path]: 'octets', 'packages/sip/src/gone.ts': 'was deleted' } });
    assert.deepEqual(checkSyntax(parseSource(path, 'const a = b as string;'), use), []);
    assert.deepEqual(
      use.unneeded().map((finding) => finding.message),
      ['"packages/sip/src/gone.ts" under casts is not needed any more; delete it'],
    );
  });
});
