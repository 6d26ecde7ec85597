import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentMessageTable } from './recent-messages.ts';

const window = 1000;
const newTable = (bound?: number) =>
  new RecentMessageTable({ windowMilliseconds: window, seed: 7, ...(bound === undefined ? {} : { bound }) });

describe('messages handled lately', () => {
  it('are known with the status that they were answered, from their arrival on', async () => {
    const table = newTable();
    const { promise, resolve } = Promise.withResolvers<number>();
    assert.equal(table.find('m', 0), undefined);
    table.remember('m', promise, 0);
    const underWay = table.find('m', 1);
    assert.ok(underWay instanceof Promise);
    resolve(200);
    assert.equal(await underWay, 200);
    assert.equal(table.find('m', 2), 200);
  });

  it('are forgotten when their window is over', async () => {
    const table = newTable();
    table.remember('m', Promise.resolve(202), 0);
    await Promise.resolve();
    assert.equal(table.find('m', window - 1), 202);
    assert.equal(table.find('m', window), undefined);
  });

  it('are forgotten at once when they were refused or failed', async () => {
    const table = newTable();
    table.remember('refused', Promise.resolve(480), 0);
    table.remember('failed', Promise.reject(new Error('a fault')), 0);
    await new Promise(setImmediate);
    assert.equal(table.find('refused', 1), undefined);
    assert.equal(table.find('failed', 1), undefined);
  });

  it('stay known when only an earlier try of theirs was refused', async () => {
    const table = newTable();
    const { promise, resolve } = Promise.withResolvers<number>();
    table.remember('m', promise, 0);
    table.remember('m', Promise.resolve(200), 1);
    resolve(480);
    await new Promise(setImmediate);
    assert.equal(table.find('m', 2), 200);
  });

  it('of an earlier process were stored and answered 202', () => {
    const table = newTable();
    table.rememberStored('m', 500);
    assert.equal(table.find('m', 499), 202);
    assert.equal(table.find('m', 500), undefined);
  });

  it('are no more than the table is given, the newest ones', () => {
    const table = newTable(3);
    for (const key of ['one', 'two', 'three', 'one', 'four']) table.rememberStored(key, window);
    assert.deepEqual(
      ['one', 'two', 'three', 'four'].map((key) => table.find(key, 0)),
      [202, undefined, 202, 202],
    );
  });
});
