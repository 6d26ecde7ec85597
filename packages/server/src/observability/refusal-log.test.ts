import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from './log.ts';
import { RefusalLog } from './refusal-log.ts';

test('a flood of one kind is one line in ten seconds, which says how many it stands for; another kind has its own', () => {
  const lines: LogFields[] = [];
  const info = (fields: LogFields) => void lines.push(fields);
  const log = { debugging: false, error: assert.fail, warn: assert.fail, debug: assert.fail, info };
  let now = 0;
  let made = 0;
  const refusals = new RefusalLog(log, () => now);
  const note = (kind: string) =>
    refusals.note(kind, 'Requests are refused.', () => {
      made += 1;
      return { kind };
    });
  for (; now < 30_000; now += 10) note('one');
  note('two');
  assert.deepEqual(lines, [
    { kind: 'one', more: 0 },
    { kind: 'one', more: 999 },
    { kind: 'one', more: 999 },
    { kind: 'two', more: 0 },
  ]);
  assert.equal(made, 4, 'fields of lines that are not written are not made');
});
