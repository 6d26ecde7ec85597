/** What a proxy does with a request on its way: validation, Route, Record-Route, loops. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../message/headers.ts';
import { emptyBody, type SipRequest } from '../message/message.ts';
import { nodeHashes } from '../node/hashes.ts';
import { nodeOctets } from '../node/octets.ts';
import { nodeRandom } from '../node/random.ts';
import { formatUri, type SipUri } from '../uri/uri.ts';
import { forwardedRequest, withRecordRoute } from './forward-request.ts';
import { LoopDetection } from './loop-detection.ts';
import { processRouteInformation } from './route-information.ts';
import { refusalOfProxy } from './validate-request.ts';

type Pair = readonly [string, string];

function request(uri: string, ...headers: readonly Pair[]): SipRequest {
  const usual: readonly Pair[] = [
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', 'c1'],
    ['CSeq', '1 INVITE'],
  ];
  return { kind: 'request', method: 'INVITE', uri, headers: Headers.of(...usual, ...headers), body: emptyBody };
}

const own = {
  isOwn: (uri: SipUri) => uri.host === 'proxy.test',
  isRecorded: (uri: SipUri) => uri.host === 'proxy.test' && uri.user === 'token',
};

describe('request validation (RFC 3261 §16.3)', () => {
  const refusal = (subject: SipRequest) => refusalOfProxy(subject, new Set(['known']));

  it('refuses a scheme that is not known with 416, no hops left with 483', () => {
    assert.equal(refusal(request('mailto:bob@example.net'))?.status, 416);
    assert.equal(refusal(request('sip:bob@example.net', ['Max-Forwards', '0']))?.status, 483);
    assert.equal(refusal(request('tel:+15551234', ['Max-Forwards', '1'])), undefined);
    assert.equal(refusal(request('sip:bob@example.net')), undefined, 'Max-Forwards may be missing');
  });

  it('refuses a Proxy-Require that it does not know with 420, and lets Require be', () => {
    const refused = refusal(request('sip:bob@example.net', ['Proxy-Require', 'Known, foo'], ['Proxy-Require', 'bar']));
    assert.equal(refused?.status, 420);
    assert.deepEqual(refused?.headers.texts('Unsupported'), ['foo', 'bar']);
    assert.equal(refusal(request('sip:bob@example.net', ['Require', 'foo'], ['Proxy-Require', 'known'])), undefined);
  });
});

describe('route information (RFC 3261 §16.4)', () => {
  const processed = (subject: SipRequest) => {
    const { request: after, own: popped } = processRouteInformation(subject, own);
    return { uri: after.uri, routes: after.headers.texts('Route'), popped: popped.map(formatUri) };
  };

  it('takes its own values off the top, all that follow each other, and no others', () => {
    const routes: Pair = ['Route', '<sip:token@proxy.test;transport=tcp;lr>, <sip:token@proxy.test;lr>, <sip:next.test;lr>'];
    assert.deepEqual(processed(request('sip:bob@192.0.2.4', routes, ['Route', '<sip:proxy.test;lr>'])), {
      uri: 'sip:bob@192.0.2.4',
      routes: ['<sip:next.test;lr>', '<sip:proxy.test;lr>'],
      popped: ['sip:token@proxy.test;transport=tcp;lr', 'sip:token@proxy.test;lr'],
    });
  });

  it('puts the last Route back into the Request-URI where a strict router has left our Record-Route', () => {
    const strict = request('sip:token@proxy.test;lr', ['Route', '<sip:next.test;lr>, <sip:bob@192.0.2.4>']);
    assert.deepEqual(processed(strict), {
      uri: 'sip:bob@192.0.2.4',
      routes: ['<sip:next.test;lr>'],
      popped: ['sip:token@proxy.test;lr'],
    });
  });

  it('leaves a request without Route, one with a foreign Route, and one to us alone', () => {
    for (const [uri, ...routes] of [
      ['sip:bob@example.net'],
      ['sip:bob@example.net', '<sip:next.test;lr>'],
      ['sip:token@proxy.test;lr'],
    ] as const) {
      const pairs = routes.map((route): Pair => ['Route', route]);
      assert.deepEqual(processed(request(uri, ...pairs)), { uri, routes: [...routes], popped: [] });
    }
  });
});

describe('request forwarding (RFC 3261 §16.6)', () => {
  it('changes the Request-URI, counts Max-Forwards down, puts a Path above the Route, and keeps the rest', () => {
    const received = request('sip:bob@example.net', ['Max-Forwards', '10'], ['Route', '<sip:last.test;lr>'], ['X', 'y']);
    const forwarded = forwardedRequest(received, { uri: 'sip:bob@192.0.2.4', routes: ['<sip:one.test;lr>', '<sip:two.test;lr>'] });
    assert.equal(forwarded.request.uri, 'sip:bob@192.0.2.4');
    assert.equal(forwarded.request.headers.text('Max-Forwards'), '9');
    assert.equal(forwarded.request.headers.text('X'), 'y');
    assert.deepEqual(forwarded.request.headers.texts('Route'), ['<sip:one.test;lr>', '<sip:two.test;lr>', '<sip:last.test;lr>']);
    assert.equal(forwarded.nextHop && formatUri(forwarded.nextHop), 'sip:one.test;lr');
  });

  it('gives 70 hops to a request that has no Max-Forwards; without Route the Request-URI is the next hop', () => {
    const forwarded = forwardedRequest(request('sip:bob@example.net'), {});
    assert.equal(forwarded.request.headers.text('Max-Forwards'), '70');
    assert.equal(forwarded.nextHop && formatUri(forwarded.nextHop), 'sip:bob@example.net');
    assert.equal(forwardedRequest(request('tel:+1'), {}).nextHop, undefined);
  });

  it('speaks to a strict router as it wants it', () => {
    const forwarded = forwardedRequest(request('sip:bob@192.0.2.4', ['Route', '<sip:strict.test>, <sip:next.test;lr>']), {});
    assert.equal(forwarded.request.uri, 'sip:strict.test');
    assert.deepEqual(
      forwarded.request.headers.texts('Route').map((text) => text.trim()),
      ['<sip:next.test;lr>', '<sip:bob@192.0.2.4>'],
    );
    assert.equal(forwarded.nextHop && formatUri(forwarded.nextHop), 'sip:strict.test');
  });

  it('records one route, or two where the sides differ, that of the next hop on top', () => {
    const subject = request('sip:bob@example.net', ['Record-Route', '<sip:before.test;lr>']);
    const udp = { transport: 'UDP', sentBy: '192.0.2.1:5060' } as const;
    const tcp = { transport: 'TCP', sentBy: '[2001:db8::1]:5060' } as const;
    assert.deepEqual(withRecordRoute(subject, 'token', udp, udp).headers.texts('Record-Route'), [
      '<sip:token@192.0.2.1:5060;lr>',
      '<sip:before.test;lr>',
    ]);
    assert.deepEqual(withRecordRoute(subject, 'token', udp, tcp).headers.texts('Record-Route'), [
      '<sip:token@[2001:db8::1]:5060;transport=tcp;lr>',
      '<sip:token@192.0.2.1:5060;lr>',
      '<sip:before.test;lr>',
    ]);
  });
});

describe('loop detection (RFC 3261 §16.6 step 8, RFC 5393 §4.2)', () => {
  const loops = new LoopDetection({ hashes: nodeHashes(), random: nodeRandom(), octets: nodeOctets });
  const sentOn = (subject: SipRequest, by = loops) => {
    const branch = by.newBranch(by.digest(subject));
    return { ...subject, headers: subject.headers.prepend('Via', `SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}`) };
  };
  const isLoop = (subject: SipRequest) => loops.isLoop(subject, loops.digest(subject));

  it('finds a request that has been here, whoever forwarded it since and whatever he changed of no matter', () => {
    const circle = sentOn(sentOn(request('sip:bob@example.net'))).headers.prepend('Via', 'SIP/2.0/UDP other.test;branch=z9hG4bKx');
    assert.equal(isLoop({ ...request('sip:bob@example.net'), headers: circle.with('Max-Forwards', '3').append('X', 'y') }), true);
  });

  it('lets a new request pass, and one that comes back for somebody else or by another Route', () => {
    const first = request('sip:bob@example.net');
    assert.equal(isLoop(first), false);
    assert.equal(isLoop({ ...sentOn(first), uri: 'sip:carol@example.net' }), false);
    const routed = sentOn(first);
    assert.equal(isLoop({ ...routed, headers: routed.headers.append('Route', '<sip:next.test;lr>') }), false);
  });

  it('does not take the branch of another proxy for its own', () => {
    const other = new LoopDetection({ hashes: nodeHashes(), random: nodeRandom(), octets: nodeOctets });
    assert.equal(isLoop(sentOn(request('sip:bob@example.net'), other)), false);
  });

  it('gives a branch of its own to each attempt', () => {
    const digest = loops.digest(request('sip:bob@example.net'));
    assert.notEqual(loops.newBranch(digest), loops.newBranch(digest));
    assert.match(loops.newBranch(digest), /^z9hG4bK[0-9a-f]{16}\.[0-9a-f]{16}$/);
  });
});
