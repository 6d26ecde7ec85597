import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viaHeader } from '../message/headers/via.ts';
import { Headers } from '../message/headers.ts';
import { emptyBody, type SipRequest } from '../message/message.ts';
import { clientKey, serverKey } from './keys.ts';

interface Changes {
  readonly method?: string;
  readonly uri?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: string;
}

function keyOf(changes: Changes): string {
  const { method = 'MESSAGE', uri = 'sip:bob@example.net', via = 'SIP/2.0/UDP a.example:5060;branch=z9hG4bKx' } = changes;
  const headers = Headers.of(
    ['Via', via],
    ['Via', 'SIP/2.0/UDP b.example;branch=z9hG4bKy'],
    ['From', changes.from ?? '<sip:alice@example.net>;tag=1'],
    ['To', changes.to ?? '<sip:bob@example.net>'],
    ['Call-ID', changes.callId ?? 'c1'],
    ['CSeq', changes.cseq ?? `1 ${method}`],
  );
  const request: SipRequest = { kind: 'request', method, uri, headers, body: emptyBody };
  const top = headers.value(viaHeader);
  assert.ok(top);
  return serverKey(request, top);
}

const old = 'SIP/2.0/UDP a.example:5060;branch=1';

describe('transaction keys', () => {
  it('of a client tell branches and methods apart (RFC 3261 §17.1.3)', () => {
    assert.equal(new Set([clientKey('z9hG4bKx', 'MESSAGE'), clientKey('z9hG4bKx', 'CANCEL'), clientKey('z9hG4bKy', 'MESSAGE')]).size, 3);
  });

  const same: Readonly<Record<string, Changes>> = {
    'other headers do not count': { callId: 'c2', from: '<sip:x@example.net>;tag=2', uri: 'sip:carol@example.net' },
    'the host of sent-by is compared without case': { via: 'SIP/2.0/UDP A.EXAMPLE:5060;branch=z9hG4bKx' },
    'Via parameters other than the branch do not count': { via: 'SIP/2.0/UDP a.example:5060;rport;branch=z9hG4bKx' },
  };
  for (const [name, changes] of Object.entries(same)) {
    it(`of a server: ${name} (RFC 3261 §17.2.3)`, () => assert.equal(keyOf(changes), keyOf({})));
  }

  const different: Readonly<Record<string, Changes>> = {
    branch: { via: 'SIP/2.0/UDP a.example:5060;branch=z9hG4bKz' },
    'sent-by host': { via: 'SIP/2.0/UDP c.example:5060;branch=z9hG4bKx' },
    'sent-by port': { via: 'SIP/2.0/UDP a.example:5070;branch=z9hG4bKx' },
    method: { method: 'CANCEL' },
  };
  for (const [name, changes] of Object.entries(different)) {
    it(`of a server differ by ${name}`, () => assert.notEqual(keyOf(changes), keyOf({})));
  }

  it('of an ACK is that of its INVITE', () => assert.equal(keyOf({ method: 'ACK' }), keyOf({ method: 'INVITE' })));

  it('without the magic cookie: a copy of the request matches', () => assert.equal(keyOf({ via: old }), keyOf({ via: old })));

  const differentWithoutCookie: Readonly<Record<string, Changes>> = {
    'Request-URI': { via: old, uri: 'sip:carol@example.net' },
    'To tag': { via: old, to: '<sip:bob@example.net>;tag=2' },
    'From tag': { via: old, from: '<sip:alice@example.net>;tag=2' },
    'Call-ID': { via: old, callId: 'c2' },
    CSeq: { via: old, cseq: '2 MESSAGE' },
    'top Via': { via: 'SIP/2.0/UDP a.example:5060;branch=2' },
    'a missing branch': { via: 'SIP/2.0/UDP a.example:5060' },
  };
  for (const [name, changes] of Object.entries(differentWithoutCookie)) {
    it(`without the magic cookie they differ by ${name} (RFC 2543)`, () => assert.notEqual(keyOf(changes), keyOf({ via: old })));
  }
});
