import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers, type SipRequest } from '@opencpm/sip';
import { userId } from '../common/identifiers.ts';
import { storedRequest } from '../participating/deferred/deferred-message.ts';
import type { Ids, OwedRequest } from '../ports.ts';
import type { MessageObject } from './message-object.ts';
import { MessageStoreRecording } from './message-store-recording.ts';

const bob = userId('bob');
const now = Date.UTC(2026, 0, 15, 12);

const names = () => 'name';
const ids: Ids = {
  unique: names,
  uuid: names,
  tag: names,
  ordered: names,
  deliveryNames: () => ({ callId: 'call', fromTag: 'tag', branch: 'z9hG4bKb', sequence: 1 }),
};

/** A store that takes everything, or says what it is told to. */
function recordingWith(outcome: 'stored' | 'full' = 'stored') {
  const objects: MessageObject[] = [];
  const owed: OwedRequest[] = [];
  const faults: string[] = [];
  const recording = new MessageStoreRecording({
    ports: {
      messageStore: {
        store: async (object, requests) => {
          objects.push(object);
          owed.push(...requests);
          return outcome === 'full' ? { kind: 'full' } : { kind: 'stored', uid: 912 };
        },
        remove: async () => ({ kind: 'fault', temporary: true, reason: 'busy' }),
      },
      outbox: { owe: async () => undefined, wake: () => undefined },
      clock: { now: () => now, wait: () => ({ over: new Promise(() => undefined), cancel: () => undefined }) },
      ids,
      diagnostics: { fault: (_where, reason) => void faults.push(reason) },
    },
    self: { host: 'pf.cpm.test', server: 'CPM-serv/OMA2.1 X/1', newTag: names },
  });
  return { recording, objects, owed, faults };
}

function message(asks: string, ...more: readonly (readonly [string, string])[]): SipRequest {
  const cpim = ['From: <sip:alice@cpm.test>', 'To: <tel:+15550142>', 'NS: imdn <urn:ietf:params:imdn>', 'imdn.Message-ID: m1'];
  const body = [...cpim, `imdn.Disposition-Notification: ${asks}`, '', 'Content-Type: text/plain', '', 'tea'].join('\r\n');
  const headers = Headers.of(
    ['From', '<sip:alice@cpm.test>;tag=a'],
    ['To', '<tel:+15550142>'],
    ['Conversation-ID', 'conversation'],
    ['Contribution-ID', 'contribution'],
    ['Content-Type', 'message/cpim'],
    ...more,
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'tel:+15550142', headers, body: new TextEncoder().encode(body) };
}

const fromAlice = ['P-Asserted-Identity', '<sip:alice@cpm.test>'] as const;

function linesOf(object: MessageObject | undefined): readonly string[] {
  return new TextDecoder().decode(object?.octets).split('\r\n');
}

describe('recording of a standalone message (A-8.5.1-01, -02)', () => {
  it('keeps all that wire facts 13.3 name, in the folder of the other party', async () => {
    const { recording, objects } = recordingWith();
    const request = message('display', fromAlice, ['Subject', 'Tea at \u00c3\u00a9ight'], ['P-Asserted-Service', 'urn:x']);
    const recorded = await recording.record(bob, request, 'received');
    assert.equal(recorded.kind === 'recorded' ? recorded.copy.uid : recorded.kind, 912);
    assert.equal(objects[0]?.folder, 'Default/sip:alice@cpm.test');
    assert.deepEqual(linesOf(objects[0]).slice(0, 14), [
      'From: sip:alice@cpm.test',
      'To: tel:+15550142',
      'Date: Thu, 15 Jan 2026 12:00:00 +0000',
      'Subject: Tea at éight',
      'P-Asserted-Service: urn:x',
      'Conversation-ID: conversation',
      'Contribution-ID: contribution',
      'IMDN-Message-ID: m1',
      'Message-Direction: received',
      'Payload-Type: text/plain',
      'Message-ID: <name@pf.cpm.test>',
      'MIME-Version: 1.0',
      'Content-Type: Message/CPIM',
      'Content-Transfer-Encoding: binary',
    ]);
    assert.equal(linesOf(objects[0])[14], '');
    assert.equal(linesOf(objects[0])[15], 'From: <sip:alice@cpm.test>');
  });

  it('files what its owner sent under whom he wrote to', async () => {
    const { recording, objects } = recordingWith();
    await recording.record(bob, message('display', fromAlice), 'sent');
    assert.equal(objects[0]?.folder, 'Default/tel:+15550142');
    assert.equal(linesOf(objects[0])[0], 'From: sip:alice@cpm.test');
  });

  it('names nobody who hides in the store of the recipient, and himself in his own', async () => {
    const { recording, objects } = recordingWith();
    const hidden = message('display', fromAlice, ['Privacy', 'id']);
    await recording.record(bob, hidden, 'received');
    await recording.record(bob, hidden, 'sent');
    assert.equal(objects[0]?.folder, 'Default/sip:anonymous@anonymous.invalid');
    assert.equal(linesOf(objects[0])[0], 'From: sip:anonymous@anonymous.invalid');
    assert.equal(linesOf(objects[1])[0], 'From: sip:alice@cpm.test');
  });

  it('tells the same message by its originator, Contribution-ID and Message-ID', async () => {
    const { recording, objects } = recordingWith();
    await recording.record(bob, message('display', fromAlice), 'received');
    await recording.record(bob, message('display', fromAlice, ['Subject', 'again']), 'received');
    await recording.record(bob, message('display', ['P-Asserted-Identity', '<sip:eve@cpm.test>']), 'received');
    assert.equal(objects[0]?.key, objects[1]?.key);
    assert.notEqual(objects[0]?.key, objects[2]?.key);
  });

  it('tells an anonymous message live and deferred as the same, whose row has lost who sent it (decision 34)', async () => {
    const { recording, objects } = recordingWith();
    const hidden = message('display', fromAlice, ['Privacy', 'id']);
    await recording.record(bob, hidden, 'received');
    await recording.record(bob, storedRequest(hidden, now), 'received');
    assert.equal(objects[0]?.key, objects[1]?.key);
  });

  it('says when the store is full or fails, and what could not be removed', async () => {
    const full = recordingWith('full');
    assert.equal((await full.recording.record(bob, message('display', fromAlice), 'received')).kind, 'failed');
    assert.deepEqual(full.faults, ['the message store of the user is full']);
    const failing = recordingWith();
    const recorded = await failing.recording.record(bob, message('display', fromAlice), 'received');
    assert.ok(recorded.kind === 'recorded');
    await recorded.copy.remove();
    assert.deepEqual(failing.faults, ['busy']);
  });
});

describe('storing instead of delivering (B-8.3.1.1-09 to -11, decision 33)', () => {
  it('takes the delivery request out, leaves display, and owes the delivery notification that was asked for', async () => {
    const { recording, objects, owed } = recordingWith();
    await recording.store(bob, message('positive-delivery, negative-delivery, display', fromAlice));
    assert.ok(linesOf(objects[0]).includes('imdn.Disposition-Notification: display'));
    assert.deepEqual(
      owed.map(({ request }) => [request.uri, /<delivered\/>/.test(new TextDecoder().decode(request.body))]),
      [['sip:alice@cpm.test', true]],
    );
  });

  it('owes nothing that was not asked for', async () => {
    const { recording, owed } = recordingWith();
    await recording.store(bob, message('display', fromAlice));
    assert.deepEqual(owed, []);
  });
});
