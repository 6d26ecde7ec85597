import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyBody, Headers, type HostPort, Malformed, parseUri, type SipRequest, type SipUri, type Target } from '@opencpm/sip';
import { nodeHashes } from '@opencpm/sip/node';
import { ProxyTokens } from './proxy-tokens.ts';

const tokens = new ProxyTokens(nodeHashes(), 'secret');

function request(fromTag: string, toTag?: string, callId = 'c1'): SipRequest {
  const headers = Headers.of(
    ['From', `<sip:alice@cpm.test>;tag=${fromTag}`],
    ['To', `<sip:bob@cpm.test>${toTag === undefined ? '' : `;tag=${toTag}`}`],
    ['Call-ID', callId],
  );
  return { kind: 'request', method: 'INFO', uri: 'sip:bob@cpm.test', headers, body: emptyBody };
}

function udp(host: string, port = 5060): Target {
  return { transport: 'UDP', address: { host, port } };
}

/** As it comes back in a Route. */
function route(user: string): SipUri {
  const uri = parseUri(`sip:${user}@cpm.test;lr`);
  assert.ok(!(uri instanceof Malformed) && uri.kind === 'sip');
  return uri;
}

function addressOf(place: Target | undefined): HostPort | undefined {
  return place === undefined || 'flow' in place ? undefined : place.address;
}

describe('proofs of a dialog', () => {
  const places = { caller: udp('192.0.2.7', 5070), called: { transport: 'TCP', address: { host: '2001:db8::7', port: 40_001 } } } as const;
  const token = route(tokens.issue(request('a'), places));

  it('say of a request of the caller where the called side is, and the other way round', () => {
    assert.deepEqual(tokens.verify(request('a', 'b'), [token]), { receiver: places.called });
    assert.deepEqual(tokens.verify(request('b', 'a'), [token]), { receiver: places.caller });
  });

  it('look like what a proxy recognises as its own', () => {
    assert.equal(ProxyTokens.isToken(token), true);
    assert.equal(ProxyTokens.isToken(route('alice')), false);
  });

  it('are found among other URIs of ours, and say nothing of a side that was not seen', () => {
    const half = route(tokens.issue(request('a'), { caller: udp('192.0.2.7') }));
    assert.deepEqual(tokens.verify(request('a', 'b'), [route('alice'), half]), { receiver: undefined });
    assert.deepEqual(addressOf(tokens.verify(request('b', 'a'), [half])?.receiver), { host: '192.0.2.7', port: 5060 });
  });

  it('leave an address with a zone out, which has no place in a URI', () => {
    const zoned = route(tokens.issue(request('a'), { called: udp('fe80::1%eth0') }));
    assert.deepEqual(tokens.verify(request('a', 'b'), [zoned]), { receiver: undefined });
  });

  it('prove nothing for another call, another caller, without a dialog, with another place or another key', () => {
    const moved = route(token.user?.replace('192.0.2.7', '192.0.2.8') ?? '');
    const foreign = route(new ProxyTokens(nodeHashes(), 'other').issue(request('a'), places));
    assert.equal(tokens.verify(request('a', 'b', 'c2'), [token]), undefined);
    assert.equal(tokens.verify(request('x', 'b'), [token]), undefined);
    assert.equal(tokens.verify(request('a'), [token]), undefined);
    assert.equal(tokens.verify(request('a', 'b'), [moved]), undefined);
    assert.equal(tokens.verify(request('a', 'b'), [foreign]), undefined);
    assert.equal(tokens.verify(request('a', 'b'), []), undefined);
  });
});
