import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Allowances, AllowanceUse } from './allowances.ts';
import { checkCalls, checkText } from './leftovers.ts';
import { parseSource } from './source.ts';

const none: Allowances = { longFunctions: {}, longFiles: {}, casts: {}, console: {}, leftovers: {} };

/** Findings as `rule:line`. */
function text(path: string, content: string): string[] {
  return checkText(path, content, new AllowanceUse(none)).map((finding) => `${finding.rule}:${finding.line}`);
}

function calls(path: string, content: string, table: Allowances = none): string[] {
  return checkCalls(parseSource(path, content), new AllowanceUse(table)).map((finding) => `${finding.rule}:${finding.line}`);
}

describe('texts', () => {
  it('hold no mark of unfinished work', () => {
    for (const mark of ['FIXME', 'TODO', 'XXX', 'HACK']) assert.deepEqual(text('docs/a.md', `\nthis ${mark}: later`), ['leftover:2'], mark);
    assert.deepEqual(text('a.ts', '// @ts-ignore'), ['leftover:1']);
    assert.deepEqual(text('docs/a.md', 'a hackathon, nothing todo, XXXL'), []);
  });

  it('hold no path of one machine', () => {
    for (const path of ['/work/main', '/tmp/x', '/home/me/x', '/root/x', '/Users/me/x']) {
      assert.deepEqual(text('docs/a.md', `see ${path}`), ['machine-path:1'], path);
    }
    assert.deepEqual(text('docs/a.md', 'https://example.net/home/alice ./tmp/x ~/work/x'), []);
  });

  it('hold no name that says nothing', () => {
    for (const word of ['a helper', 'QueueManager', 'StringUtils', 'utils']) assert.deepEqual(text('a.ts', word), ['word:1'], word);
    assert.deepEqual(text('packages/sip/src/uri-utils.ts', ''), ['word:1']);
    assert.deepEqual(text('a.ts', 'CPMDeferredMsgMgmt, management, utility'), []);
  });

  it('of the lockfile name no host', () => {
    assert.deepEqual(text('package-lock.json', '"resolved": "packages/sip",\n"resolved": "https://example.net/x.tgz"'), ['machine-path:2']);
  });
});

describe('tests', () => {
  const path = 'packages/sip/src/a.test.ts';

  it('leave no other test out', () => {
    assert.deepEqual(calls(path, "test.only('a', run);"), ['leftover:1']);
    assert.deepEqual(calls(path, "describe.only('a', run);"), ['leftover:1']);
    assert.deepEqual(calls(path, "test('a', { only: true }, run);"), ['leftover:1']);
  });

  it('are skipped with a reason only', () => {
    assert.deepEqual(calls(path, "test.skip('a', run);"), ['leftover:1']);
    assert.deepEqual(calls(path, "// Needs a kernel with IPv6.\ntest.skip('a', run);"), []);
    assert.deepEqual(calls(path, "test('a', { skip: true }, run);"), ['leftover:1']);
    assert.deepEqual(calls(path, "test('a', { skip: 'needs IPv6' }, run);"), []);
    assert.deepEqual(calls(path, 't.skip();'), ['leftover:1']);
    assert.deepEqual(calls(path, "t.skip('needs IPv6');"), []);
    assert.deepEqual(calls(path, "test.todo('a');"), ['leftover:1']);
  });

  it('may use methods of other things with these names', () => {
    assert.deepEqual(calls(path, 'reader.skip(2); selection.only(x); ({ only: false });'), []);
  });
});

describe('the console', () => {
  it('belongs to programs and to the listed files of packages', () => {
    const source = "console.log('x');";
    const path = 'packages/server/src/a.ts';
    assert.deepEqual(calls(path, source), ['console:1']);
    assert.deepEqual(calls('scripts/a.ts', source), []);
    assert.deepEqual(calls(path, source, { ...none, console: { [path]: 'the one place of output' } }), []);
  });
});
