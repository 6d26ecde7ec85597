import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { noPreferences, type PreferenceRule, userId } from '@opencpm/cpm';
import { MIGRATIONS, migrate } from '../migrations/index.ts';
import { eachEngine } from '../testing/each-engine.ts';
import { UserPreferenceRows } from './user-preferences.ts';
import { type StoredUser, Users } from './users.ts';

const bob = userId('owner-bob');
const limits = { rulesPerUser: 3, blockedContactsPerUser: 2, deviceProfilesPerUser: 2 };
const done = { kind: 'done' };
const refused = { kind: 'refused' };

const user: StoredUser = {
  owner: bob,
  name: 'bob',
  source: 'database',
  realm: 'r',
  ha1: { MD5: 'm', 'SHA-256': 's' },
  loopbackOnly: false,
  identities: [],
};

/** Has everything that a rule can have, all of it different from what is there when nothing is said. */
const whole: PreferenceRule = {
  id: 'r1',
  validity: [
    { from: 1_700_000_000_000, until: 1_700_000_360_000 },
    { from: 1_800_000_000_000, until: 1_800_000_360_000 },
  ],
  identities: new Set(['sip:alice@cpm.test', 'tel:+15550001']),
  media: new Set(['standalone', 'deferred-messages', 'session', 'file-transfer']),
  actions: {
    rejectInvite: true,
    doNotDisturb: true,
    interwork: true,
    deliverAndInterwork: true,
    store: true,
    defer: true,
    offlineStorage: true,
    push: true,
    pull: true,
    forwardTo: 'sip:carol@cpm.test;user=phone?x=y',
    expired: 'store',
  },
};
const bare: PreferenceRule = { id: 'r0', validity: [], identities: undefined, media: new Set(), actions: { doNotDisturb: false } };
const forOthers: PreferenceRule = {
  id: 'r2',
  validity: [],
  identities: 'others',
  media: new Set(['standalone']),
  actions: { expired: 'discard' },
};

eachEngine('rules and lists of users', (open) => {
  const rowsOf = async (test: TestContext) => {
    const database = await open(test);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    return { database, rows: new UserPreferenceRows(database, limits) };
  };

  it('a user without any has no preferences', async (test) => {
    const { rows } = await rowsOf(test);
    assert.deepEqual(await rows.of(bob), noPreferences);
  });

  it('gives rules back as they were, in the order in which they came', async (test) => {
    const { rows } = await rowsOf(test);
    for (const rule of [whole, bare, forOthers]) assert.deepEqual(await rows.addRule(bob, rule), done);
    const preferences = await rows.of(bob);
    assert.ok('rules' in preferences);
    assert.deepEqual(preferences.rules, [whole, { ...bare, actions: {} }, forOthers]);
    assert.deepEqual(await rows.of(userId('owner-alice')), noPreferences);
  });

  it('takes a rule out and puts the next one behind the others', async (test) => {
    const { rows } = await rowsOf(test);
    for (const rule of [whole, bare]) await rows.addRule(bob, rule);
    assert.deepEqual(await rows.removeRule(bob, 'r1'), done);
    assert.deepEqual(await rows.removeRule(bob, 'r1'), refused);
    assert.deepEqual(await rows.removeRule(userId('owner-alice'), 'r0'), refused);
    await rows.addRule(bob, whole);
    const preferences = await rows.of(bob);
    assert.ok('rules' in preferences);
    assert.deepEqual(
      preferences.rules.map(({ id }) => id),
      ['r0', 'r1'],
    );
  });

  it('refuses an id that is there and one rule too many', async (test) => {
    const { rows } = await rowsOf(test);
    await rows.addRule(bob, whole);
    assert.deepEqual(await rows.addRule(bob, whole), refused);
    for (const id of ['a', 'b']) assert.deepEqual(await rows.addRule(bob, { ...bare, id }), done);
    assert.deepEqual(await rows.addRule(bob, { ...bare, id: 'c' }), refused);
    assert.deepEqual(await rows.addRule(userId('owner-alice'), whole), done);
  });

  it('keeps a list of blocked contacts, each once, up to its limit', async (test) => {
    const { rows } = await rowsOf(test);
    for (const address of ['sip:a@x', 'sip:a@x', 'tel:+1']) assert.deepEqual(await rows.block(bob, address), done);
    assert.deepEqual(await rows.block(bob, 'sip:c@x'), refused);
    // One that is in the full list may be blocked again.
    assert.deepEqual(await rows.block(bob, 'tel:+1'), done);
    assert.deepEqual(await rows.unblock(bob, 'sip:a@x'), done);
    assert.deepEqual(await rows.unblock(bob, 'sip:a@x'), refused);
    assert.deepEqual(await rows.of(bob), { ...noPreferences, blockedContacts: new Set(['tel:+1']) });
  });

  it('keeps the profile of a device, the last one that was set', async (test) => {
    const { rows } = await rowsOf(test);
    assert.deepEqual(await rows.setProfile(bob, '<urn:uuid:1>', new Set()), done);
    assert.deepEqual(await rows.setProfile(bob, '<urn:uuid:2>', new Set()), done);
    assert.deepEqual(await rows.setProfile(bob, '<urn:uuid:3>', new Set()), refused);
    assert.deepEqual(await rows.setProfile(bob, '<urn:uuid:2>', new Set(['standalone', 'session'])), done);
    assert.deepEqual(await rows.removeProfile(bob, '<urn:uuid:1>'), done);
    assert.deepEqual(await rows.removeProfile(bob, '<urn:uuid:1>'), refused);
    const profiles = new Map([['<urn:uuid:2>', new Set(['standalone', 'session'])]]);
    assert.deepEqual(await rows.of(bob), { ...noPreferences, profiles });
  });

  it('knows who has any of it', async (test) => {
    const { rows } = await rowsOf(test);
    const [alice, carol] = [userId('owner-alice'), userId('owner-carol')];
    assert.deepEqual(await rows.owners(), []);
    await rows.addRule(bob, whole);
    await rows.addRule(bob, bare);
    await rows.block(alice, 'sip:a@x');
    await rows.setProfile(carol, '<urn:uuid:1>', new Set());
    const owners = await rows.owners();
    assert.ok('map' in owners);
    assert.deepEqual([...owners].sort(), [alice, bob, carol]);
  });

  it('knows who may not send', async (test) => {
    const { rows } = await rowsOf(test);
    for (const now of [1, 2]) assert.equal(await rows.bar(bob, now), undefined);
    assert.deepEqual(await rows.barred(), [bob]);
    assert.equal(await rows.unbar(bob), undefined);
    assert.deepEqual(await rows.barred(), []);
  });

  it('forgets everything with the user', async (test) => {
    const { rows, database } = await rowsOf(test);
    const users = new Users(database);
    await users.add(user, 1);
    await rows.addRule(bob, whole);
    await rows.block(bob, 'sip:a@x');
    await rows.setProfile(bob, '<urn:uuid:1>', new Set());
    await rows.bar(bob, 1);
    assert.equal(await users.remove(bob), undefined);
    assert.deepEqual([await rows.of(bob), await rows.barred()], [noPreferences, []]);
  });
});
