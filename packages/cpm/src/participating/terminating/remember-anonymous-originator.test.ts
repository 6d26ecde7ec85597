import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed, Parameters, parseUri } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import type { ServedRequest } from '../../ports.ts';
import type { Preferences } from '../../preferences/preferences.ts';
import { bob, now, served, surrounded } from './in-memory-ports.fixture.ts';
import { deliverPagerModeStandaloneMessage } from './pager-message.ts';

const asking = { asks: 'display', id: 'm1', headers: [['Privacy', 'id']] } as const;

interface MessageOptions {
  readonly asks?: string;
  readonly id?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly originator?: string;
}

function message({ asks, id, headers = [], originator = 'sip:alice@cpm.test' }: MessageOptions): ServedRequest {
  const wrapper = ['From: <sip:alice@cpm.test>', 'To: <sip:bob@cpm.test>', 'NS: imdn <urn:ietf:params:imdn>'];
  if (id !== undefined) wrapper.push(`imdn.Message-ID: ${id}`);
  if (asks !== undefined) wrapper.push(`imdn.Disposition-Notification: ${asks}`);
  const one = served([...wrapper, '', 'Content-Type: text/plain', '', 'x'].join('\r\n'), ...headers);
  const request = { ...one.request, headers: one.request.headers.with('Content-Type', 'message/cpim') };
  return { ...one, request: { ...request, headers: request.headers.with('P-Asserted-Identity', `<${originator}>`) } };
}

function client(): Binding {
  const contact = parseUri('sip:bob@192.0.2.7');
  assert.ok(!(contact instanceof Malformed));
  const times = { expiresAt: now + 1, registeredAt: now - 1 };
  const registration = {
    path: [],
    features: Parameters.empty,
    services: new Set(['msg']),
    q: 1,
    transport: 'UDP',
    unreachable: false,
  } as const;
  return { owner: bob, client: 'one', contact, ...registration, ...times };
}

const rejecting: Preferences = {
  blockedContacts: new Set(),
  rules: [{ id: '1', validity: [], identities: undefined, media: new Set(['standalone'] as const), actions: { rejectInvite: true } }],
};

const weekSeconds = 604_800;

describe('who sent an anonymous message (decision 34)', () => {
  it('is kept before it goes to a client, for the operator’s longest expiry and a week', async () => {
    const around = surrounded({ clients: [client()], clientAnswers: 200 });
    assert.equal((await deliverPagerModeStandaloneMessage(message(asking), around.context)).status, 200);
    assert.deepEqual(around.calls, [`remember bob m1 sip:alice@cpm.test for ${3600 + weekSeconds} s`, 'to one']);
  });

  it('is kept before it is deferred, for its Expires and a week', async () => {
    const around = surrounded();
    const brief = message({ ...asking, headers: [...asking.headers, ['Expires', '60']] });
    assert.equal((await deliverPagerModeStandaloneMessage(brief, around.context)).status, 202);
    assert.deepEqual(around.calls, [`remember bob m1 sip:alice@cpm.test for ${60 + weekSeconds} s`, 'defer', 'out of band: waiting']);
  });

  it('is 503 with Retry-After when it cannot be kept, and nobody gets the message', async () => {
    const rememberFault = { kind: 'fault', temporary: true, reason: '' } as const;
    const around = surrounded({ clients: [client()], clientAnswers: 200, rememberFault });
    const { status, headers } = await deliverPagerModeStandaloneMessage(message(asking), around.context);
    assert.deepEqual([status, headers.text('Retry-After')], [503, '30']);
    assert.deepEqual(around.calls.slice(1), ['fault: keep who sent an anonymous message']);
    assert.deepEqual(around.outcomes, ['refused']);
  });

  const forgotten: readonly (readonly [string, MessageOptions])[] = [
    ['he does not hide', { ...asking, headers: [] }],
    ['nobody is asked to notify', { id: 'm1', headers: asking.headers }],
    ['his message has no Message-ID', { asks: 'display', headers: asking.headers }],
    ['his core hides him from us as well', { ...asking, originator: 'sip:anonymous@anonymous.invalid' }],
  ];
  for (const [why, options] of forgotten) {
    it(`is not kept when ${why}`, async () => {
      const around = surrounded({ clients: [client()], clientAnswers: 200 });
      assert.equal((await deliverPagerModeStandaloneMessage(message(options), around.context)).status, 200);
      assert.deepEqual(around.calls, ['to one']);
    });
  }

  it('is not kept when the recipient’s rule rejects the message', async () => {
    const around = surrounded({ preferences: rejecting });
    assert.equal((await deliverPagerModeStandaloneMessage(message(asking), around.context)).status, 403);
    assert.deepEqual(around.calls, []);
  });
});
