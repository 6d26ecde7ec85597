import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VirtualClock } from '@opencpm/testkit';
import { RecordFile } from './record-file.ts';

const line = (number: number) => JSON.stringify({ number, padding: 'x'.repeat(100) });

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-records-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function opened(context: TestContext, more: Partial<{ file: string; maxBytes: number; maxAgeSeconds: number; keep: number }> = {}) {
  const folder = folderOf(context);
  const told: { written: number; lost: number; faults: string[] } = { written: 0, lost: 0, faults: [] };
  const events = {
    written: (lines: number) => {
      told.written += lines;
    },
    lost: (lines: number) => {
      told.lost += lines;
    },
    fault: (reason: string) => void told.faults.push(reason),
  };
  const clock = new VirtualClock();
  const settings = { file: join(folder, 'records.jsonl'), maxBytes: 65_536, maxAgeSeconds: 3600, keep: 3, ...more };
  const records = await RecordFile.open(settings, events, clock);
  context.after(() => records.close());
  return { folder, file: settings.file, told, clock, records };
}

/** Virtual time passes, then the real file system does its part: as many turns of the loop as that takes. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setImmediate(turn));
}

function numbersIn(path: string): readonly number[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((text) => JSON.parse(text).number);
}

function rotatedIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^records\.jsonl\.\d{8}T\d{9}Z$/.test(name))
    .sort();
}

test('lines are in the file after a second, or at the end, and nobody else may read it', async (context) => {
  const { file, told, clock, records } = await opened(context);
  records.write(line(1));
  records.write(line(2));
  assert.equal(readFileSync(file, 'utf8'), '');
  await clock.runFor(1000);
  await until(() => told.written === 2);
  assert.deepEqual(numbersIn(file), [1, 2]);
  records.write(line(3));
  await records.close();
  assert.deepEqual(numbersIn(file), [1, 2, 3]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  records.write(line(4));
  assert.deepEqual(told, { written: 3, lost: 1, faults: [] });
});

test('many lines do not wait for the second; each file stays below its size, holds whole lines, and so many old ones stay', async (context) => {
  const { folder, file, told, records } = await opened(context);
  const count = 3000;
  for (let number = 0; number < count; number += 1) records.write(line(number));
  await until(() => told.written === count);
  await records.close();
  const rotated = rotatedIn(folder);
  assert.equal(rotated.length, 3);
  const files = [...rotated.map((name) => join(folder, name)), file];
  for (const path of files) assert.ok(statSync(path).size <= 65_536);
  const kept = files.flatMap(numbersIn);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, index) => count - kept.length + index),
  );
  assert.equal(told.lost, 0);
});

test('a file that is old is renamed also while nothing comes; an empty one stays', async (context) => {
  const { folder, file, told, clock, records } = await opened(context);
  await clock.runFor(3_600_000);
  assert.deepEqual(rotatedIn(folder), []);
  records.write(line(1));
  await clock.runFor(1000);
  await until(() => told.written === 1);
  await clock.runFor(3_600_000);
  await until(() => rotatedIn(folder).length === 1);
  records.write(line(2));
  await records.close();
  assert.deepEqual([rotatedIn(folder).flatMap((name) => numbersIn(join(folder, name))), numbersIn(file)], [[1], [2]]);
});

test('a file that was begun before is gone on with', async (context) => {
  const folder = folderOf(context);
  const file = join(folder, 'deep', 'records.jsonl');
  mkdirSync(join(folder, 'deep'));
  writeFileSync(file, `${line(1)}\n`);
  const { records } = await opened(context, { file });
  records.write(line(2));
  await records.close();
  assert.deepEqual(numbersIn(file), [1, 2]);
});

test('after logrotate has moved the file, lines go into a new one', async (context) => {
  const { file, told, clock, records } = await opened(context);
  records.write(line(1));
  await clock.runFor(1000);
  await until(() => told.written === 1);
  renameSync(file, `${file}.1`);
  records.reopen();
  records.write(line(2));
  await clock.runFor(1000);
  await until(() => told.written === 2 && existsSync(file));
  assert.deepEqual([numbersIn(`${file}.1`), numbersIn(file)], [[1], [2]]);
});

test('a disk that is full is said once, what waits is written when there is room, and what is too much is counted as lost', async (context) => {
  // Every write to this device fails with ENOSPC.
  const { told, clock, records } = await opened(context, { file: '/dev/full' });
  records.write(line(1));
  await clock.runFor(1000);
  await until(() => told.faults.length === 1);
  assert.match(told.faults[0] ?? '', /ENOSPC/);
  await clock.runFor(20_000);
  const big = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 20; count += 1) records.write(big);
  assert.equal(told.lost, 5, 'sixteen megabytes wait, with the line and feeds above not whole');
  await records.close();
  assert.deepEqual([told.written, told.lost, told.faults.length], [0, 21, 1]);
});

test('a file that cannot be opened is told at once', async (context) => {
  const folder = folderOf(context);
  writeFileSync(join(folder, 'taken'), '');
  await assert.rejects(opened(context, { file: join(folder, 'taken', 'records.jsonl') }), /ENOTDIR|EEXIST/);
});
