import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readBiomeOutput, readCompilerOutput, readKnipOutput } from './tools.ts';

it('the compiler’s lines become findings, also those without a file', () => {
  const output = "packages/sip/src/a.ts(3,7): error TS2322: Type 'x'.\n  more of it\nerror TS18003: No inputs.\n";
  assert.deepEqual(readCompilerOutput(output), [
    { file: 'packages/sip/src/a.ts', line: 3, rule: 'TS2322', message: "Type 'x'." },
    { file: '.', line: 1, rule: 'TS18003', message: 'No inputs.' },
  ]);
});

it('the linter’s annotations become findings with paths of the repository', () => {
  const output = [
    '::error title=lint/suspicious/noVar,file=/r/a.ts,line=2,endLine=2,col=1,endColumn=4::Use let: it is better.',
    '::error title=format,file=b.ts,line=1,endLine=1,col=2,endColumn=2::Formatter would have printed',
    'check ━━━━━━━━',
  ].join('\n');
  assert.deepEqual(readBiomeOutput(output, '/r'), [
    { file: 'a.ts', line: 2, rule: 'lint/suspicious/noVar', message: 'Use let: it is better.' },
    { file: 'b.ts', line: 1, rule: 'format', message: 'not formatted; run npm run format' },
  ]);
});

it('unused files, exports and dependencies become findings', () => {
  const output = JSON.stringify({
    issues: [{ file: 'a.ts', files: [{ name: 'a.ts' }], exports: [{ name: 'b', line: 4 }], dependencies: [] }],
  });
  assert.deepEqual(readKnipOutput(output), [
    { file: 'a.ts', line: 1, rule: 'unused', message: 'nobody imports this file' },
    { file: 'a.ts', line: 4, rule: 'unused', message: 'exports: b' },
  ]);
});
