import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@opencpm/testkit';
import { Readiness } from './readiness.ts';

function surroundings(more: { databaseAnswers?: () => Promise<boolean> } = {}) {
  const load = { overloaded: false };
  const clock = new VirtualClock();
  const readiness = new Readiness({ isOverloaded: () => load.overloaded, clock, databaseAnswers: () => Promise.resolve(true), ...more });
  return { load, clock, readiness };
}

test('ready is who serves, has a database, and is not overloaded', async () => {
  const { load, readiness } = surroundings();
  assert.deepEqual(await readiness.report(), { ready: false, reasons: ['starting'] });
  readiness.phase = 'serving';
  assert.deepEqual(await readiness.report(), { ready: true, reasons: [] });
  load.overloaded = true;
  assert.deepEqual(await readiness.report(), { ready: false, reasons: ['overload'] });
  readiness.phase = 'draining';
  assert.deepEqual(await readiness.report(), { ready: false, reasons: ['draining', 'overload'] });
});

test('a database that refuses or is silent for two seconds is not there, and is asked once by all who wait', async () => {
  let asked = 0;
  const { clock, readiness } = surroundings({
    databaseAnswers: () => {
      asked += 1;
      return asked === 1 ? Promise.resolve(false) : new Promise(() => undefined);
    },
  });
  readiness.phase = 'serving';
  assert.deepEqual(await readiness.report(), { ready: false, reasons: ['database'] });
  const began = clock.now();
  const reports = await clock.runToEnd(Promise.all([readiness.report(), readiness.report()]), 10_000);
  assert.deepEqual(
    reports.map(({ reasons }) => reasons),
    [['database'], ['database']],
  );
  assert.deepEqual([clock.now() - began, asked], [2000, 2]);
});
