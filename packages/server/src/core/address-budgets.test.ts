import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@opencpm/testkit';
import { AddressBudgets } from './address-budgets.ts';

const attacker = '192.0.2.66';

function budgets(addresses = 100) {
  const clock = new VirtualClock();
  return { clock, spent: new AddressBudgets({ perSecond: 2, burst: 3, addresses }, clock) };
}

test('an address may spend its burst, then has one answer a second and nothing else', async () => {
  const { clock, spent } = budgets();
  const four = Array.from({ length: 5 }, () => spent.spend(attacker));
  assert.deepEqual(four, ['within', 'within', 'within', 'answer', 'drop']);
  assert.equal(spent.spend('192.0.2.7'), 'within');
  await clock.runFor(499);
  assert.equal(spent.spend(attacker), 'drop');
  await clock.runFor(501);
  assert.deepEqual([spent.spend(attacker), spent.spend(attacker), spent.spend(attacker)], ['within', 'within', 'answer']);
});

test('what is given back each second stops at the burst', async () => {
  const { clock, spent } = budgets();
  for (let count = 0; count < 4; count += 1) spent.spend(attacker);
  await clock.runFor(60_000);
  assert.deepEqual(
    Array.from({ length: 5 }, () => spent.spend(attacker)),
    ['within', 'within', 'within', 'answer', 'drop'],
  );
});

test('a challenge that was met costs nothing', () => {
  const { spent } = budgets();
  for (let count = 0; count < 50; count += 1) {
    assert.equal(spent.spend(attacker), 'within');
    spent.refund(attacker);
  }
  spent.refund('192.0.2.200');
  assert.deepEqual(
    Array.from({ length: 4 }, () => spent.spend('192.0.2.200')),
    ['within', 'within', 'within', 'answer'],
  );
});

test('addresses heard of lately are kept when very many come', () => {
  const { spent } = budgets(10);
  for (let count = 0; count < 4; count += 1) spent.spend(attacker);
  for (let other = 0; other < 4; other += 1) spent.spend(`10.0.0.${other}`);
  assert.equal(spent.spend(attacker), 'drop');
  for (let other = 0; other < 100; other += 1) spent.spend(`10.0.1.${other}`);
  assert.equal(spent.spend(attacker), 'within');
});
