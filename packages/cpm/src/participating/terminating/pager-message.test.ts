import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed, Parameters, parseUri } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import type { PreferenceActions, Preferences } from '../../preferences/preferences.ts';
import { bob, now, type Surroundings, served, surrounded } from './in-memory-ports.fixture.ts';
import { deliverPagerModeStandaloneMessage } from './pager-message.ts';

function client(name: string): Binding {
  const contact = parseUri(`sip:${name}@192.0.2.7`);
  assert.ok(!(contact instanceof Malformed));
  const services = new Set(['msg']);
  const times = { expiresAt: now + 1, registeredAt: now - 1 };
  return {
    owner: bob,
    client: name,
    contact,
    path: [],
    features: Parameters.empty,
    services,
    q: 1,
    ...times,
    transport: 'UDP',
    unreachable: false,
  };
}

function rules(actions: PreferenceActions, ...more: readonly PreferenceActions[]): Preferences {
  const all = [actions, ...more].map((each, index) => ({
    id: String(index),
    validity: [],
    identities: undefined,
    media: new Set(['standalone'] as const),
    actions: each,
  }));
  return { blockedContacts: new Set(), rules: all };
}

const one = { clients: [client('one')], clientAnswers: 200 };
const recordedAs = 7;

interface Case {
  readonly does: string;
  readonly when: Surroundings;
  readonly calls: readonly string[];
  readonly status: number;
  readonly outcome: string;
}

const blocked: Preferences = { blockedContacts: new Set(['sip:alice@cpm.test']), rules: [] };

const cases: readonly Case[] = [
  {
    does: 'a blocked originator is refused (B-8.3.1.1-04)',
    when: { ...one, preferences: blocked },
    calls: [],
    status: 403,
    outcome: 'refused',
  },
  {
    does: 'allow-reject-invite refuses (B-8.3.1.1-07)',
    when: { ...one, preferences: rules({ rejectInvite: true }) },
    calls: [],
    status: 403,
    outcome: 'refused',
  },
  {
    does: 'allow-do-not-disturb defers and pushes to nobody who is there (B-8.3.1.1-15)',
    when: { ...one, preferences: rules({ doNotDisturb: true }) },
    calls: ['defer'],
    status: 202,
    outcome: 'deferred',
  },
  {
    does: 'allow-interwork goes to the ISF alone, recorded first (B-8.3.1.1-08, -16)',
    when: { ...one, preferences: rules({ interwork: true, offlineStorage: true }), isf: 202, recordedAs },
    calls: ['record', 'interwork', 'keep 7'],
    status: 202,
    outcome: 'interworked',
  },
  {
    does: 'allow-interwork that the ISF refuses is undelivered and leaves no record (B-8.3.1.1-25, -28)',
    when: {
      ...one,
      preferences: rules({ interwork: true, offlineStorage: true }),
      isf: 404,
      recordedAs,
      policy: { undelivered: 'reject' },
    },
    calls: ['record', 'interwork', 'remove 7'],
    status: 404,
    outcome: 'refused',
  },
  {
    does: 'policy interwork does not ask an ISF again that has just refused (B-8.3.1.1-27)',
    when: { ...one, preferences: rules({ interwork: true }), isf: 404, policy: { undelivered: 'interwork' } },
    calls: ['interwork', 'defer'],
    status: 202,
    outcome: 'deferred',
  },
  {
    does: 'allow-deliver-and-interwork that only the ISF takes is delivered (B-8.3.1.1-25)',
    when: { clients: [client('one')], clientAnswers: 404, preferences: rules({ deliverAndInterwork: true }), isf: 202 },
    calls: ['interwork', 'to one'],
    status: 202,
    outcome: 'delivered',
  },
  {
    does: 'allow-deliver-and-interwork without ISF and without client is the policy’s (decision 45)',
    when: { preferences: rules({ deliverAndInterwork: true }), policy: { undelivered: 'reject' } },
    calls: ['interwork'],
    status: 480,
    outcome: 'refused',
  },
  {
    does: 'allow-interwork without an ISF is the policy’s (decision 45)',
    when: { ...one, preferences: rules({ interwork: true }) },
    calls: ['interwork', 'defer'],
    status: 202,
    outcome: 'deferred',
  },
  {
    does: 'allow-deliver-and-interwork sends a copy to the ISF; the client’s answer counts (B-8.3.1.1-08, -17)',
    when: { ...one, preferences: rules({ deliverAndInterwork: true }), isf: 404 },
    calls: ['interwork', 'to one'],
    status: 200,
    outcome: 'delivered',
  },
  {
    does: 'allow-store puts it into the message store and nowhere else (B-8.3.1.1-10, -12)',
    when: { ...one, preferences: rules({ store: true }), recordedAs },
    calls: ['store in the message store'],
    status: 200,
    outcome: 'stored',
  },
  {
    does: 'allow-store without a message store is the policy’s (decision 45)',
    when: { ...one, preferences: rules({ store: true }), policy: { undelivered: 'reject' } },
    calls: ['store in the message store'],
    status: 480,
    outcome: 'refused',
  },
  {
    does: 'allow-forward sends it on, and that side answers (B-8.3.1.1-13, -24)',
    when: { ...one, preferences: rules({ forwardTo: 'tel:+15550077' }), onward: 486 },
    calls: ['onward tel:+15550077'],
    status: 486,
    outcome: 'refused',
  },
  {
    does: 'allow-defer defers although a client is there (B-8.3.1.1-14)',
    when: { ...one, preferences: rules({ defer: true }) },
    calls: ['defer'],
    status: 202,
    outcome: 'deferred',
  },
  {
    does: 'history recording gives the client the UID (B-8.3.1.1-16, A-8.5.1-07)',
    when: { ...one, preferences: rules({ offlineStorage: true }), recordedAs },
    calls: ['record', 'to one with UID 7', 'keep 7'],
    status: 200,
    outcome: 'delivered',
  },
  {
    does: 'what was recorded and then deferred leaves the store: the push records it (B-8.3.1.1-28, decision 31)',
    when: { clients: [client('one')], preferences: rules({ offlineStorage: true }), recordedAs },
    calls: ['record', 'to one with UID 7', 'remove 7', 'defer'],
    status: 202,
    outcome: 'deferred',
  },
  {
    does: 'what was recorded and interworked because nobody took it stays there (B-8.3.1.1-27, -28)',
    when: { preferences: rules({ offlineStorage: true }), recordedAs, isf: 200, policy: { undelivered: 'interwork' } },
    calls: ['record', 'interwork', 'keep 7'],
    status: 200,
    outcome: 'interworked',
  },
];

describe('the rules of the recipient (B-8.3.1.1-06 to -17, -28)', () => {
  for (const { does, when, calls, status, outcome } of cases) {
    it(does, async () => {
      const around = surrounded(when);
      const response = await deliverPagerModeStandaloneMessage(served('hello'), around.context);
      assert.equal(response.status, status);
      assert.deepEqual(around.calls, calls);
      assert.deepEqual(around.outcomes, [outcome], 'one record for charging');
    });
  }

  it('a refusal by list or rule says so in a Warning (decisions 17, 42)', async () => {
    for (const preferences of [blocked, rules({ rejectInvite: true })]) {
      const { headers } = await deliverPagerModeStandaloneMessage(served('x'), surrounded({ preferences }).context);
      assert.equal(headers.text('Warning'), '399 cpm.test "122 Function not allowed"');
    }
  });
});

describe('a notification (decision 46)', () => {
  const imdn = served('<imdn/>', ['Content-Disposition', 'notification']);
  const notification = { ...imdn, request: { ...imdn.request, headers: imdn.request.headers.with('Content-Type', 'message/imdn+xml') } };

  it('skips every rule but do-not-disturb and is not recorded', async () => {
    const actions = { rejectInvite: true, interwork: true, store: true, defer: true, offlineStorage: true };
    const around = surrounded({ ...one, preferences: rules(actions), recordedAs });
    assert.equal((await deliverPagerModeStandaloneMessage(notification, around.context)).status, 200);
    assert.deepEqual(around.calls, ['to one']);
  });

  it('is deferred while the user does not want to be disturbed', async () => {
    const around = surrounded({ ...one, preferences: rules({ doNotDisturb: true }) });
    assert.equal((await deliverPagerModeStandaloneMessage(notification, around.context)).status, 202);
    assert.deepEqual(around.calls, ['defer']);
  });
});
