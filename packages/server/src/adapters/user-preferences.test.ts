import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noPreferences, type Preferences, type QueueFault, userId } from '@opencpm/cpm';
import { VirtualClock } from '@opencpm/testkit';
import type { Log } from '../platform.ts';
import { ActiveUserPreferences } from './user-preferences.ts';

const bob = userId('bob');
const alice = userId('alice');
const carol = userId('carol');
const night: Preferences = {
  blockedContacts: new Set(),
  rules: [
    {
      id: 'night',
      validity: [{ from: 0, until: Number.MAX_SAFE_INTEGER }],
      identities: undefined,
      media: new Set(),
      actions: { doNotDisturb: true },
    },
  ],
};
const blocking: Preferences = { ...noPreferences, blockedContacts: new Set(['sip:mallory@cpm.test']) };
const fault: QueueFault = { kind: 'fault', temporary: true, reason: 'the disk is away' };

function nightUntil(until: number): Preferences {
  return { ...night, rules: night.rules.map((rule) => ({ ...rule, validity: [{ from: 0, until }] })) };
}

/** The adapter over rows that a test changes, with what it read and told. */
async function active(bound?: number) {
  const clock = new VirtualClock();
  const reads: string[] = [];
  const told: string[] = [];
  const errors: string[] = [];
  const log: Log = {
    error: (_fields, text) => void errors.push(text),
    warn: assert.fail,
    info: assert.fail,
    debug: assert.fail,
    debugging: false,
  };
  const rows = new Map<string, Preferences | QueueFault>();
  const of = async (owner: string) => {
    reads.push(owner);
    return rows.get(owner) ?? noPreferences;
  };
  const preferences = new ActiveUserPreferences({ of, owners: async () => [alice, bob, carol] }, clock, log, bound);
  assert.equal(await preferences.load(), undefined);
  preferences.onChange((owner) => void told.push(owner));
  return { clock, rows, reads, told, errors, preferences };
}

describe('preferences of active users', () => {
  it('are read once, and again when they were changed', async () => {
    const { preferences, reads, rows, told } = await active();
    for (let time = 0; time < 3; time += 1) assert.deepEqual(await preferences.of(bob), noPreferences);
    rows.set(bob, blocking);
    await preferences.refresh(bob);
    assert.deepEqual(await preferences.of(bob), blocking);
    assert.deepEqual([reads, told], [['bob', 'bob'], ['bob']]);
  });

  it('are not read for a user who has none, until he gets some', async () => {
    const { preferences, reads, rows } = await active();
    const dave = userId('dave');
    assert.deepEqual(await preferences.of(dave), noPreferences);
    assert.deepEqual(reads, []);
    rows.set(dave, blocking);
    await preferences.refresh(dave);
    assert.deepEqual(await preferences.of(dave), blocking);
    preferences.forget(dave);
    assert.deepEqual(await preferences.of(dave), noPreferences);
  });

  it('are read once by many at a time', async () => {
    const { preferences, reads } = await active();
    await Promise.all([preferences.of(bob), preferences.of(bob)]);
    assert.deepEqual(reads, ['bob']);
  });

  it('are those of a user without rules while they cannot be read for the first time', async () => {
    const { preferences, reads, rows, clock, errors } = await active();
    rows.set(bob, fault);
    assert.deepEqual(await preferences.of(bob), noPreferences);
    rows.set(bob, blocking);
    assert.deepEqual(await preferences.of(bob), noPreferences);
    await clock.runFor(1000);
    assert.deepEqual(await preferences.of(bob), blocking);
    assert.deepEqual([reads.length, errors.length], [2, 1]);
  });

  it('stay the last good ones while they cannot be read', async () => {
    const { preferences, rows, clock } = await active();
    rows.set(bob, blocking);
    await preferences.of(bob);
    rows.set(bob, fault);
    await preferences.refresh(bob);
    assert.deepEqual(await preferences.of(bob), blocking);
    await clock.runFor(1000);
    assert.deepEqual(await preferences.of(bob), blocking);
    rows.set(bob, noPreferences);
    await clock.runFor(1000);
    assert.deepEqual(await preferences.of(bob), noPreferences);
  });

  it('of the user whom nobody asked for longest are forgotten when there are too many', async () => {
    const { preferences, reads } = await active(2);
    for (const owner of [alice, bob, alice, carol, alice, bob]) await preferences.of(owner);
    assert.deepEqual(reads, ['alice', 'bob', 'carol', 'bob']);
  });
});

describe('a rule with times', () => {
  it('is followed by a word to whoever pushes when it ends, even if nothing else is known of its user any more', async () => {
    const { preferences, rows, clock, told } = await active(1);
    const until = clock.now() + 3_600_000;
    rows.set(bob, nightUntil(until));
    await preferences.of(bob);
    await preferences.of(alice);
    await clock.runFor(3_599_999);
    assert.deepEqual(told, []);
    await clock.runFor(1);
    assert.deepEqual(told, ['bob']);
  });

  it('says nothing when it begins to keep others from disturbing', async () => {
    const { preferences, rows, clock, told } = await active();
    const from = clock.now() + 1000;
    rows.set(bob, { ...night, rules: night.rules.map((rule) => ({ ...rule, validity: [{ from, until: from + 1000 }] })) });
    await preferences.of(bob);
    await clock.runFor(1999);
    assert.deepEqual(told, []);
    await clock.runFor(1);
    assert.deepEqual(told, ['bob']);
  });

  it('is no reason to wake when it is gone before, when its user is, or when the server stops', async () => {
    const { preferences, rows, clock, told } = await active();
    for (const owner of [alice, bob, carol]) {
      rows.set(owner, nightUntil(clock.now() + 1000));
      await preferences.of(owner);
    }
    rows.delete(bob);
    await preferences.refresh(bob);
    assert.deepEqual(told.splice(0), ['bob']);
    preferences.forget(alice);
    preferences.stop();
    await clock.runFor(2000);
    assert.deepEqual(told, []);
  });
});
