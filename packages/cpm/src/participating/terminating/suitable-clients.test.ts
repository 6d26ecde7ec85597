import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Parameters, parseUri, type Uri } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { userId } from '../../common/identifiers.ts';
import { suitableClients } from './suitable-clients.ts';

const now = 1000;
const deliver = { plainClients: 'deliver' } as const;

function contact(text: string): Uri {
  const uri = parseUri(text);
  assert.ok('kind' in uri);
  return uri;
}

function binding(client: string, more: Partial<Binding> = {}): Binding {
  return {
    owner: userId('u1'),
    client,
    contact: contact(`sip:${client}@192.0.2.7`),
    path: [],
    features: Parameters.empty,
    services: new Set(['msg']),
    q: 1,
    expiresAt: now + 1,
    registeredAt: 0,
    transport: 'UDP',
    unreachable: false,
    ...more,
  };
}

const names = (bindings: readonly Binding[]) => bindings.map(({ client }) => client);
const message = { kind: 'message', device: undefined } as const;

describe('suitable clients (B-8.3.1.1-17, wire facts 5.4)', () => {
  it('are those that are live and registered the service of the message', () => {
    const all = [
      binding('one'),
      binding('two'),
      binding('expired', { expiresAt: now }),
      binding('silent', { unreachable: true }),
      binding('large-only', { services: new Set(['largemsg', 'deferred']) }),
    ];
    assert.deepEqual(names(suitableClients(all, message, deliver, now)), ['one', 'two']);
  });

  it('are plain ones only when no CPM Client is live and the policy says so', () => {
    const plain = binding('plain', { services: new Set() });
    assert.deepEqual(names(suitableClients([plain], message, deliver, now)), ['plain']);
    assert.deepEqual(names(suitableClients([plain, binding('cpm')], message, deliver, now)), ['cpm']);
    assert.deepEqual(names(suitableClients([plain, binding('cpm', { expiresAt: 0 })], message, deliver, now)), ['plain']);
    assert.deepEqual(suitableClients([plain], message, { plainClients: 'ignore' }, now), []);
  });

  it('never get a message because of the tag deferred alone', () => {
    assert.deepEqual(suitableClients([binding('pull-only', { services: new Set(['deferred']) })], message, deliver, now), []);
  });

  it('are there once for a device, by the flow that it registered last and that is live (RFC 5626 §5.3)', () => {
    const flow = (client: string, registeredAt: number, more: Partial<Binding> = {}) =>
      binding(client, { instance: '<urn:uuid:1>', registeredAt, ...more });
    const other = binding('other', { instance: '<urn:uuid:2>' });
    assert.deepEqual(names(suitableClients([flow('old', 1), flow('new', 2), other], message, deliver, now)), ['new', 'other']);
    assert.deepEqual(names(suitableClients([flow('new', 2), flow('old', 1)], message, deliver, now)), ['new']);
    assert.deepEqual(names(suitableClients([flow('one', 1), flow('two', 1)], message, deliver, now)), ['two']);
    assert.deepEqual(names(suitableClients([flow('old', 1), flow('new', 2, { unreachable: true })], message, deliver, now)), ['old']);
    assert.deepEqual(names(suitableClients([binding('x'), binding('y')], message, deliver, now)), ['x', 'y']);
  });

  it('of a notification are the device it names, else all, and never a plain one (decision 46)', () => {
    const named = binding('named', { instance: '<urn:uuid:1>' });
    const notification = { kind: 'notification', device: '<urn:uuid:1>' } as const;
    assert.deepEqual(names(suitableClients([named, binding('other')], notification, deliver, now)), ['named']);
    assert.deepEqual(names(suitableClients([binding('one'), binding('other')], notification, deliver, now)), ['one', 'other']);
    assert.deepEqual(suitableClients([binding('plain', { services: new Set() })], notification, deliver, now), []);
  });
});
