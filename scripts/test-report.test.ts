import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TestEvent, TestReport } from './test-report.ts';

function reportOf(events: readonly TestEvent[]): { readonly report: TestReport; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const report = new TestReport('/r', (line) => lines.push(line));
  for (const event of events) report.take(event);
  return { report, lines };
}

const counts = { passed: 3, failed: 1, cancelled: 1, skipped: 1, todo: 0 };

describe('the report', () => {
  it('counts the run and not its files again, and what was cancelled as failed', () => {
    const { report } = reportOf([
      { type: 'test:summary', data: { file: '/r/a.test.ts', counts, duration_ms: 12 } },
      { type: 'test:summary', data: { counts } },
    ]);
    assert.deepEqual([report.passed, report.failed], [3, 2]);
  });

  it('counts a part of the check as one test', () => {
    const { report } = reportOf([]);
    report.takePart('types', true);
    report.takePart('sizes', false);
    assert.deepEqual([report.passed, report.failed], [1, 1]);
  });

  it('shows a failure with its place, its cause and what the file has printed', () => {
    const error = Object.assign(new Error('wrapped', { cause: new Error('1 is not 2', { cause: new RangeError('3') }) }), {
      failureType: 'testCodeFailure',
    });
    const { lines } = reportOf([
      { type: 'test:stderr', data: { file: '/r/a.test.ts', message: 'a warning\n' } },
      { type: 'test:fail', data: { name: 'adds', file: '/r/a.test.ts', line: 7, details: { error } } },
    ]);
    const text = lines.join('\n');
    assert.match(text, /^FAILED a\.test\.ts:7 {2}adds$/m);
    assert.match(text, /Error: 1 is not 2/);
    assert.match(text, /caused by RangeError: 3/);
    assert.match(text, /The file has printed:\n {4}a warning/);
  });

  it('leaves the suite of a failed test out and says what is skipped', () => {
    const { lines } = reportOf([
      { type: 'test:fail', data: { name: 'suite', file: '/r/a.test.ts', details: { error: { failureType: 'subtestsFailed' } } } },
      { type: 'test:pass', data: { name: 'over IPv6', file: '/r/a.test.ts', line: 3, skip: 'no IPv6 here' } },
      { type: 'test:pass', data: { name: 'fine', file: '/r/a.test.ts', line: 4 } },
    ]);
    assert.deepEqual(lines, ['skipped a.test.ts:3  over IPv6: no IPv6 here']);
  });
});
