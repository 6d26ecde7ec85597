import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  deferredHandling,
  deviceExpects,
  doNotDisturb,
  doNotDisturbBy,
  expiredHandling,
  isBlocked,
  nextChange,
  noPreferences,
  type PreferenceActions,
  type PreferenceRule,
  type Preferences,
  recordsHistory,
  standaloneAction,
} from './preferences.ts';

const alice = ['sip:alice@cpm.test'];
const noon = Date.UTC(2026, 0, 15, 12);

function rule(actions: PreferenceActions, more: Partial<PreferenceRule> = {}): PreferenceRule {
  return { id: 'r', validity: [], identities: undefined, media: new Set(['standalone']), actions, ...more };
}

function preferences(...rules: readonly PreferenceRule[]): Preferences {
  return { blockedContacts: new Set(), rules };
}

const actionOf = (...rules: readonly PreferenceRule[]) => standaloneAction(preferences(...rules), alice, noon).kind;

describe('the rule for standalone messages', () => {
  it('delivers when there is no rule', () => {
    assert.equal(standaloneAction(noPreferences, [], noon).kind, 'deliver');
  });

  it('obeys the order reject, do not disturb, interwork, deliver and interwork, store, forward, defer (decision 12)', () => {
    const all = [
      ['reject', { rejectInvite: true }],
      ['do-not-disturb', { doNotDisturb: true }],
      ['interwork', { interwork: true }],
      ['deliver-and-interwork', { deliverAndInterwork: true }],
      ['store', { store: true }],
      ['forward', { forwardTo: 'tel:+15550077' }],
      ['defer', { defer: true }],
    ] as const;
    for (const [index, [kind]] of all.entries()) {
      assert.equal(actionOf(...all.slice(index).map(([, actions]) => rule(actions))), kind);
    }
  });

  it('takes do-not-disturb of a rule without media list at the same point, and no other action of it', () => {
    const withoutMedia = { media: new Set<never>() };
    assert.equal(actionOf(rule({ doNotDisturb: true }, withoutMedia), rule({ interwork: true })), 'do-not-disturb');
    assert.equal(actionOf(rule({ rejectInvite: true }, withoutMedia)), 'deliver');
  });

  it('combines rules that hold, true wins over false (RFC 4745 §10.2)', () => {
    assert.equal(actionOf(rule({ defer: true }), rule({ defer: false })), 'defer');
  });

  it('leaves out rules for other people and other times', () => {
    const others = rule({ rejectInvite: true }, { identities: new Set(['sip:mallory@cpm.test']) });
    const yesterday = rule({ rejectInvite: true }, { validity: [{ from: noon - 2000, until: noon }] });
    const now = rule({ defer: true }, { validity: [{ from: noon, until: noon + 1 }] });
    assert.equal(actionOf(others, yesterday), 'deliver');
    assert.equal(actionOf(others, yesterday, now), 'defer');
  });

  it('does not hold for an unknown originator when it names people', () => {
    const named = preferences(rule({ rejectInvite: true }, { identities: new Set(['sip:alice@cpm.test']) }));
    assert.equal(standaloneAction(named, [], noon).kind, 'deliver');
    assert.equal(standaloneAction(named, alice, noon).kind, 'reject');
  });

  it('holds for others when no rule of the user names the originator (wire facts 12.3)', () => {
    const forOthers = rule({ rejectInvite: true }, { identities: 'others' });
    const forAlice = rule({ defer: true }, { identities: new Set(alice), media: new Set() });
    assert.equal(actionOf(forOthers), 'reject');
    assert.equal(actionOf(forOthers, forAlice), 'deliver');
    assert.equal(standaloneAction(preferences(forOthers, forAlice), [], noon).kind, 'reject');
    assert.equal(standaloneAction(preferences(forOthers, forAlice), ['sip:carol@cpm.test'], noon).kind, 'reject');
  });

  it('knows an originator by either of two addresses', () => {
    const byNumber = preferences(rule({ rejectInvite: true }, { identities: new Set(['tel:+15550001']) }));
    assert.equal(standaloneAction(byNumber, [...alice, 'tel:+15550001'], noon).kind, 'reject');
    assert.equal(isBlocked({ blockedContacts: new Set(['tel:+15550001']), rules: [] }, [...alice, 'tel:+15550001']), true);
    assert.equal(isBlocked({ blockedContacts: new Set(['tel:+15550001']), rules: [] }, alice), false);
  });

  it('forwards to the address of the first rule', () => {
    const rules = preferences(rule({ forwardTo: 'tel:+1' }), rule({ forwardTo: 'tel:+2' }));
    assert.deepEqual(standaloneAction(rules, alice, noon), { kind: 'forward', to: 'tel:+1' });
  });
});

describe('the rules for deferred messages', () => {
  const deferred = (actions: PreferenceActions) =>
    deferredHandling(preferences(rule(actions, { media: new Set(['deferred-messages']) })), noon);

  it('pushes by default and when push and pull are both set', () => {
    assert.equal(deferredHandling(noPreferences, noon), 'push');
    assert.equal(deferred({ push: true, pull: true }), 'push');
    assert.equal(deferred({ pull: true }), 'pull');
    assert.equal(deferred({ store: true }), 'store');
  });

  it('discards at expiry unless the user wants them stored', () => {
    assert.equal(expiredHandling(noPreferences, noon), 'discard');
    assert.equal(expiredHandling(preferences(rule({ expired: 'store' }), rule({ expired: 'discard' })), noon), 'store');
  });
});

describe('flags that any rule of the enabler sets', () => {
  it('finds do-not-disturb in a rule for standalone messages as well (B-8.3.1.6.2-01)', () => {
    assert.equal(doNotDisturb(preferences(rule({ doNotDisturb: true })), noon), true);
    assert.equal(doNotDisturb(preferences(rule({ doNotDisturb: true }, { validity: [{ from: 0, until: 1 }] })), noon), false);
  });

  it('records history when a rule says so (B-8.3.1.1-16)', () => {
    assert.equal(recordsHistory(noPreferences, noon), false);
    assert.equal(recordsHistory(preferences(rule({ offlineStorage: true }, { media: new Set() })), noon), true);
  });

  it('is of one originator only when the rule names people', () => {
    const rules = preferences(rule({ doNotDisturb: true }, { identities: new Set(alice) }));
    assert.equal(doNotDisturb(rules, noon), false);
    assert.equal(doNotDisturbBy(rules, alice, noon), true);
    assert.equal(doNotDisturbBy(rules, [], noon), false);
  });

  it('changes next when a validity begins or ends', () => {
    const night = { validity: [{ from: noon + 10, until: noon + 20 }] };
    const rules = preferences(rule({}), rule({ doNotDisturb: true }, night));
    assert.deepEqual(
      [0, 10, 20].map((after) => nextChange(rules, noon + after)),
      [noon + 10, noon + 20, undefined],
    );
    assert.deepEqual(
      [9, 10, 19, 20].map((after) => doNotDisturb(rules, noon + after)),
      [false, true, true, false],
    );
  });
});

describe('the profile of a device', () => {
  it('keeps standalone messages from a device that is to get none (B-8.3.1.1-17)', () => {
    const profiles = new Map([
      ['<urn:uuid:1>', new Set<never>()],
      ['<urn:uuid:2>', new Set(['standalone'] as const)],
    ]);
    const expects = (instance: string | undefined) => deviceExpects({ ...noPreferences, profiles }, instance);
    assert.deepEqual(['<urn:uuid:1>', '<urn:uuid:2>', '<urn:uuid:3>', undefined].map(expects), [false, true, true, true]);
    assert.equal(deviceExpects(noPreferences, '<urn:uuid:1>'), true);
  });
});
